// SPDX-License-Identifier: MIT
// Load, run, unload.
#include "tests/host/vm_run.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/timer.h"
#include "vm/compile.h"
#include "vm/run/helper.h"
#include "vm/interp/interp.h"
#include "vm/verify/verify.h"

u64 vm_call(const struct prog *p, void *mem, u64 len)
{
	if (p->mode == PROG_INTERPRET) {
		const u64 args[5] = { (uptr)mem, len };
		return interp_run_args(p, args);
	}
	/* R1 and R2 are the first two argument registers, so compiled code can be called with both. */
	return ((u64(*)(void *, u64))(uptr)p->entry)(mem, len);
}

enum err vm_call_limited(const struct prog *p, void *mem, u64 len, u64 insns, u64 *r0, struct strbuf *log)
{
	const struct interp_region memory = { mem, len };
	const struct interp_limits limits = { &memory, 1, insns };
	const u64 args[5] = { (uptr)mem, len };
	return interp_run_limited(p, args, &limits, r0, log);
}

static enum err load_with(struct prog **out, const char *name, struct object *o, const struct insn *insns,
			  u32 count, enum prog_mode mode, struct strbuf *log)
{
	struct prog *p;
	enum err e = prog_new(&p, name, "", log);
	*out = NULL;
	if (e)
		return e;
	p->object = o;
	p->mode = mode;
	p->insn_count = count;
	p->insns = kmalloc(max((size_t)count, (size_t)1) * sizeof(*insns));
	if (p->insns) {
		memcpy(p->insns, insns, count * sizeof(*insns));
		prog_set_tag(p);
	}
	e = p->insns ? prog_verify(p, log) : ENOMEM;
	if (!e)
		e = prog_compile(p, log);
	if (e)
		prog_free(p);
	else
		*out = p;
	return e;
}

enum err prog_load_raw(struct prog **out, const char *name, const struct insn *insns, u32 count,
		       enum prog_mode mode, struct strbuf *log)
{
	return load_with(out, name, NULL, insns, count, mode, log);
}

enum err vm_load_into(struct prog **out, struct object *o, const struct insn *insns, u32 count,
		      enum prog_mode mode, struct strbuf *log)
{
	return load_with(out, "case", o, insns, count, mode, log);
}

enum err vm_run(const struct insn *insns, u32 count, enum prog_mode mode, void *mem, u64 len, u64 *r0,
		struct strbuf *log)
{
	struct prog *p;
	enum err e = prog_load_raw(&p, "raw", insns, count, mode, log);
	if (e)
		return e;
	*r0 = vm_call(p, mem, len);
	prog_free(p);
	return OK;
}

u64 vm_compile_ns(struct prog *p)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	u64 best = ~0ull;
	for (u32 i = 0; i < 7; i++) {
		prog_uncompile(p);
		u64 start = ktime_get_ns();
		if (prog_compile(p, &log) != OK)
			return 0;
		u64 ns = ktime_get_ns() - start;
		best = min(best, ns);
	}
	return best;
}

static i32 hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

i32 hex_bytes(const char *text, u8 *out, u32 cap)
{
	u32 count = 0;
	for (;;) {
		while (*text == ' ')
			text++;
		if (!*text || *text == '\n' || *text == '\r' || *text == '\t')
			return (i32)count;
		i32 high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0 || count == cap)
			return -1;
		out[count++] = (u8)(high << 4 | low);
		text += 2;
	}
}

static u64 helper_unwind(u64 r1, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			 const struct prog *p unused)
{
	return r1;
}

static u64 helper_zero(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
		       const struct prog *p unused)
{
	return 0;
}

void vm_add_suite_helpers(void)
{
	static const struct helper rows[] = {
		{ 5, "unwind", RET_SCALAR, { ARG_ANY }, 0, helper_unwind },
		{ 42, "zero", RET_SCALAR, { ARG_NONE }, 0, helper_zero },
	};
	helper_add_table(rows, array_len(rows));
}
