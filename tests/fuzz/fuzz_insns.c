// SPDX-License-Identifier: MIT
// Arbitrary instructions. The verifier accepts or refuses them, the same for interpreter and JIT. A refusal
// names an instruction of the program, and nothing is left behind. An accepted program runs within limits,
// and ends in a result or in a sentence. If its result depends on its memory alone, machine code must return
// the same.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gen.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"
#include "vm/interp/interp.h"

enum { INSNS_MAX = 512, MEM_LEN = 64, STEPS_MAX = 20000 };

static struct insn insns[INSNS_MAX];

static u32 take(const u8 *bytes, size_t len)
{
	u32 count = (u32)min(len / sizeof(insns[0]), (size_t)INSNS_MAX);
	memcpy(insns, bytes, count * sizeof(insns[0]));
	return count;
}

void fuzz_begin(void) {}

void fuzz_show(const u8 *bytes, size_t len)
{
	fuzz_show_program(insns, take(bytes, len), NULL, 0);
}

/* "insn 7: ..." of a program that has it, or another sentence that is about the whole. */
static void check_refusal(enum err e, const char *text, u32 count)
{
	u64 idx = 0;
	const char *at = text + 5;
	bool names = !strncmp(text, "insn ", 5);
	for (; names && *at >= '0' && *at <= '9'; at++)
		idx = idx * 10 + (u64)(*at - '0');
	if (e != EINVAL || (names ? *at != ':' || idx >= count : strlen(text) < 20))
		fuzz_found("refused by %s: \"%s\"", err_name(e), text);
}

static enum err load(struct prog **p, u32 count, enum prog_mode mode, char text[256])
{
	struct strbuf log = { .buf = text, .cap = 256 };
	text[0] = 0;
	enum err e = prog_load_raw(p, "raw", insns, count, mode, &log);
	if (e)
		check_refusal(e, text, count);
	return e;
}

/* Whether the result depends only on registers and memory that are the same in both ways. Calls leave R1 to
 * R5 undefined; the address of the stack, and what it holds at first, are not the same. */
static bool is_closed(u32 count)
{
	for (u32 i = 0; i < count; i++) {
		const struct insn *in = &insns[i];
		u32 uses = insn_uses(insn_kind(in));
		bool is_store = insn_is_access(in) && insn_class(in) != CLASS_LDX && !insn_is_atomic(in);
		if (insn_is_call(in) || in->op == OPCODE_CALLX || insn_kind(in) == INSN_LD_FUNC)
			return false;
		if ((uses & USES_SRC && in->src == BPF_FP && !insn_is_wide(in)) ||
		    (uses & USES_DST && in->dst == BPF_FP && !is_store))
			return false;
		i += insn_is_wide(in);
	}
	return true;
}

static void fill(u8 mem[MEM_LEN])
{
	for (u32 i = 0; i < MEM_LEN; i++)
		mem[i] = (u8)(i * 37);
}

static enum err run_limited(const struct prog *p, u8 *mem, u64 *r0)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	const u64 args[5] = { (uptr)mem, MEM_LEN };
	const struct interp_region region = { mem, MEM_LEN };
	const struct interp_limits limits = { &region, 1, STEPS_MAX };
	enum err e = interp_run_limited(p, args, &limits, r0, &log);
	if (e ? strncmp(text, "insn ", 5) || (e != EFAULT && e != ETIMEDOUT && e != EINVAL) : text[0])
		fuzz_found("run, %s: \"%s\"", e ? err_name(e) : "ok", text);
	return e;
}

/* Runs both; after the interpreter it is known that machine code will end and stay in its memory. */
static void run_both(const struct prog *interpreted, const struct prog *compiled, u32 count)
{
	u8 *mem = kmalloc(MEM_LEN), want[MEM_LEN];
	u64 r0 = 0;
	fill(mem);
	if (run_limited(interpreted, mem, &r0) == OK && is_closed(count)) {
		memcpy(want, mem, MEM_LEN);
		fill(mem);
		u64 got = gen_call(compiled, mem, MEM_LEN);
		if (got != r0 || memcmp(want, mem, MEM_LEN))
			fuzz_found("machine code differs: r0 0x%llx, not 0x%llx", got, r0);
	}
	kfree(mem);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	char why[2][256];
	struct prog *p[2] = { NULL, NULL };
	u32 count = take(bytes, len);
	u64 before = fuzz_heap();
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++)
		load(&p[mode], count, mode, why[mode]);
	if (strcmp(why[PROG_JIT], why[PROG_INTERPRET]))
		fuzz_found("\"%s\" to compile, \"%s\" to interpret", why[PROG_JIT], why[PROG_INTERPRET]);
	if (p[PROG_JIT])
		run_both(p[PROG_INTERPRET], p[PROG_JIT], count);
	prog_free(p[PROG_JIT]);
	prog_free(p[PROG_INTERPRET]);
	if (fuzz_heap() != before)
		fuzz_found("%llu bytes are left on the heap", fuzz_heap() - before);
	return 0;
}

/* ---- changes that keep instructions whole ---- */

/* libFuzzer's: changes bytes[0 .. len - 1] in place, to at most max; the new length. */
size_t LLVMFuzzerMutate(u8 *bytes, size_t len, size_t max);

static u32 next(u32 *random, u32 limit)
{
	*random = *random * 1664525 + 1013904223;
	return (*random >> 8) % limit;
}

/* An instruction of some row of the table, with fields that are often good. */
static struct insn make_insn(u32 *random, u32 idx, u32 count)
{
	u32 kind = 1 + next(random, INSN_KINDS - 1), uses = insn_uses((enum insn_kind)kind);
	const struct insn_row *row = &insn_rows[kind];
	struct insn in = { .op = row->op };
	if (uses & USES_DST)
		in.dst = next(random, 11) & 15;
	if (uses & USES_SRC)
		in.src = next(random, 11) & 15;
	if (uses & USES_OFF)
		in.off = (i16)(insn_is_jump(&in) ? next(random, count) - idx - 1 : 0u - 8 * next(random, 64));
	if (uses & USES_IMM)
		in.imm = (i32)next(random, 64);
	if (row->key == OFF)
		in.off = row->value;
	if (row->key == IMM)
		in.imm = row->value;
	if (row->key == SRC)
		in.src = row->value & 15;
	return in;
}

static u32 change_insns(struct insn *p, u32 count, u32 max, u32 *random)
{
	u32 what = next(random, 8), at = next(random, count);
	struct insn in = make_insn(random, at, count);
	if (what < 3 && count + 1 < max) {
		count = fuzz_put_in(p, count, at, in);
		if (insn_is_wide(&in))
			count =
			    fuzz_put_in(p, count, at + 1, (struct insn){ .imm = (i32)next(random, 3) - 1 });
	} else if (what < 4 && count > 1) {
		count = fuzz_take_out(p, count, at);
	} else if (what < 6) {
		p[at] = in;
	} else if (what < 7) {
		p[at].imm = (i32)((1u << next(random, 32)) - next(random, 2));
	} else {
		p[at] = p[next(random, count)];
	}
	return count;
}

size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed)
{
	static struct insn p[INSNS_MAX];
	u32 random = seed, count = (u32)min(len / sizeof(*p), (size_t)INSNS_MAX);
	u32 room = (u32)min(max / sizeof(*p), (size_t)INSNS_MAX);
	if (count < 2 || count > room || next(&random, 4) == 0)
		return LLVMFuzzerMutate(bytes, len, max);
	memcpy(p, bytes, count * sizeof(*p));
	for (u32 changes = 1 + next(&random, 3); changes--;)
		count = change_insns(p, count, room, &random);
	memcpy(bytes, p, count * sizeof(*p));
	return count * sizeof(*p);
}

/* ---- the programs of tests/cases ---- */

/* A line without the spaces before it; where the next one begins. */
static const char *next_line(const char *at, const char *end, char *line, u32 size)
{
	u32 len = 0;
	while (at < end && *at == ' ')
		at++;
	for (; at < end && *at != '\n'; at++)
		if (len + 1 < size)
			line[len++] = *at;
	line[len] = 0;
	return at < end ? at + 1 : at;
}

void fuzz_seeds(const u8 *file, size_t len)
{
	const char *at = (const char *)file, *end = at + len;
	char line[256];
	u32 count = 0;
	while (at < end) {
		at = next_line(at, end, line, sizeof(line));
		if (line[0])
			count += count + 2 <= INSNS_MAX ? vm_asm_line(&insns[count], line) : 0;
		if (count && (!line[0] || at >= end)) {
			fuzz_keep(insns, count * sizeof(insns[0]));
			count = 0;
		}
	}
}
