// SPDX-License-Identifier: MIT
// One program: made, verified, watched, and run on hostile inputs in the checking interpreter, in machine code and in
// the kernel's interpreter. All three must leave the same.
#include <string.h>
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tests/fuzz/proof/try.h"
#include "vm/compile.h"
#include "vm/disasm.h"
#include "vm/interp/interp.h"
#include "vm/jit/op.h"
#include "vm/load/section.h"
#include "vm/run/kfunc.h"
#include "vm/run/ringbuf.h"
#include "vm/verify/verify.h"

enum { HASHED = 4, REASONS = 48 };

/* What a run leaves. */
struct result {
	u64 r0;
	u8 array[64], data[64];
	u32 hashed, records;
	u64 bytes; /* of the records */
	u64 keys[HASHED];
	u8 values[HASHED][48];
};

struct made made;
static u64 input_seed;
static struct {
	char text[100];
	u64 count;
} reasons[REASONS];
struct figures figures;

/* ---- results ---- */

static void copy_untainted(void *to, const void *from, u32 len, void *mask, bool first)
{
	for (u32 i = 0; i < len; i++) {
		if (first)
			((u8 *)mask)[i] = memory_is_tainted((uptr)from + i, 1) ? 0 : 0xff;
		((u8 *)to)[i] = ((const u8 *)from)[i] & ((u8 *)mask)[i];
	}
}

static void count_record(const void *data unused, u32 len, void *arg)
{
	struct result *r = arg;
	r->records++;
	r->bytes += len;
}

static void keep_result(struct result *r, struct result *mask, u64 r0, bool first)
{
	struct map_iter it = { 0 };
	memset(r, 0, sizeof(*r));
	r->r0 = r0 & mask->r0;
	copy_untainted(r->array, maps[MAP_ARRAY]->values, 64, mask->array, first);
	copy_untainted(r->data, maps[MAP_DATA]->values, 64, mask->data, first);
	ringbuf_consume(maps[MAP_RING], count_record, r);
	while (r->hashed < HASHED && maps[MAP_HASH]->ops->iterate(maps[MAP_HASH], &it)) {
		u32 i = r->hashed++;
		r->keys[i] = *(const u64 *)it.key;
		copy_untainted(r->values[i], it.value, 48, mask->values[i], first);
	}
}

/* ---- the program ---- */

static void show_one(const struct made *m)
{
	for (u32 i = 0; i < m->count; i++) {
		char text[128] = "";
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &m->insns[i]);
		kprintf("%4u: %s\n", i, text);
		i += insn_is_wide(&m->insns[i]);
	}
}

static void show(void)
{
	show_one(&made);
	for (u32 n = 1; tail_prog(n); n++) {
		kprintf("program %u, for tail calls:\n", n);
		show_one(tail_made(n));
	}
}

static bool found(u64 seed, const char *what)
{
	kprintf("FINDING seed %llu%s, input %llu: %s\n", seed, made.is_tracing ? " (tracing)" : "",
		input_seed, what);
	show();
	return false;
}

struct prog *try_load(const struct made *m, enum err *e, struct strbuf *log)
{
	struct prog *p;
	*e = prog_new(&p, "fuzz", m->section, log);
	if (!*e)
		*e = section_parse(p, log);
	if (*e)
		return p;
	p->object = &object;
	p->mode = PROG_JIT;
	p->insn_count = m->count;
	p->insns = kmalloc(m->count * sizeof(struct insn));
	memcpy(p->insns, m->insns, m->count * sizeof(struct insn));
	if (m->has_globals)
		p->globals = kmalloc(m->count * sizeof(u32));
	if (m->has_globals)
		memcpy(p->globals, m->globals, m->count * sizeof(u32));
	prog_set_tag(p);
	*e = prog_verify(p, log);
	return p;
}

static void count_reason(const char *text)
{
	char plain[100] = "";
	u32 len = 0;
	const char *path = strstr(text, "; path:");
	for (const char *s = text; *s && s != path && len < sizeof(plain) - 1; s++) {
		bool digit = *s >= '0' && *s <= '9';
		if (!digit)
			plain[len++] = *s;
		else if (len == 0 || plain[len - 1] != '#')
			plain[len++] = '#';
	}
	for (u32 i = 0; i < REASONS; i++) {
		if (!reasons[i].count)
			str_copy(reasons[i].text, plain, sizeof(plain));
		else if (strcmp(reasons[i].text, plain))
			continue;
		reasons[i].count++;
		return;
	}
}

void try_reasons(void)
{
	for (u32 i = 0; i < REASONS && reasons[i].count; i++)
		kprintf("  refused %8llu: %s\n", reasons[i].count, reasons[i].text);
}

/* Whether it can run more instructions than the walk visits. */
static bool has_rounds(const struct prog *p)
{
	if (p->globals)
		return true;
	for (u32 i = 0; i < p->insn_count; i++) {
		enum insn_kind kind = insn_kind(&p->insns[i]);
		const struct helper *h = kind == INSN_CALL ? helper_find((u32)p->insns[i].imm) : NULL;
		if (kind == INSN_CALL_KFUNC || (h && h->flags & (HELPER_CALLBACK | HELPER_TAIL_CALL)))
			return true;
		i += insn_is_wide(&p->insns[i]);
	}
	return false;
}

static u64 run(struct prog *p)
{
	const u64 args[5] = { (uptr)context };
	return p->mode == PROG_JIT ? p->entry(context) : interp_run_args(p, args);
}

static struct result wants[INPUTS], masks[INPUTS];
static bool compares[INPUTS], runs[INPUTS];

static bool run_shadow(struct prog *p, u64 seed, bool ranges, u32 visited)
{
	static char why[256];
	for (u32 i = 0; i < INPUTS; i++) {
		struct shadow s = { .p = p,
				    .ctx = context,
				    .context = made.context,
				    .ranges = ranges,
				    .limit = visited,
				    .why = why };
		struct shadow_reg r0;
		s.has_callbacks = has_rounds(p);
		input_seed = seed * INPUTS + i;
		input_set(input_seed);
		bool ok = shadow_run(&s, &r0);
		figures.runs++;
		figures.steps += s.steps;
		figures.too_long += s.gave_up;
		for (u32 k = 0; k < INSN_KINDS; k++)
			figures.of_kind[k] += s.kinds[k];
		if (!ok)
			return found(seed, why);
		if (made.is_fexit && r0.v && !s.gave_up)
			return found(seed, "it returns another number than 0");
		runs[i] = !s.gave_up;
		compares[i] = !s.diverges && !s.gave_up && !memory_is_full();
		masks[i].r0 = r0.tainted ? 0 : ~0ull;
		keep_result(&wants[i], &masks[i], r0.v, true);
	}
	return true;
}

static bool has_objects(u32 n)
{
	bool has = false;
	watch_select(n);
	for (u32 i = 0; i < tail_prog(n)->insn_count && !has; i++)
		has = watch_is_object(i);
	watch_select(0);
	return has;
}

/* Of all programs that may have run; else log says where one has strayed. */
static bool kept_to_its_own(const char *name, struct strbuf *log)
{
	const struct prog *p;
	for (u32 n = 0; (p = tail_prog(n)) != NULL; n++)
		if (p->mistakes.stores || (p->mistakes.loads && !has_objects(n))) {
			str_printf(log, "%s strayed at insn %d of program %u", name, p->mistakes.first - 1,
				   n);
			return false;
		}
	return true;
}

static bool run_real(struct prog *p, u64 seed, enum prog_mode mode)
{
	char text[128] = "";
	struct strbuf log = STRBUF(text);
	struct result got;
	const char *name = mode == PROG_JIT ? "machine code" : "the interpreter";
	if (!tail_compile(mode, &log))
		return found(seed, text);
	for (u32 i = 0; i < INPUTS; i++) {
		input_seed = seed * INPUTS + i;
		if (!runs[i])
			continue;
		input_set(input_seed);
		u64 r0 = run(p);
		keep_result(&got, &masks[i], r0, false);
		if (!kept_to_its_own(name, &log))
			return found(seed, text);
		if (compares[i] && memcmp(&got, &wants[i], sizeof(got))) {
			str_printf(&log, "%s differs: r0 0x%llx, not 0x%llx", name, got.r0, wants[i].r0);
			return found(seed, text);
		}
		figures.compared += compares[i];
	}
	return true;
}

static bool run_all(struct prog *p, u64 seed)
{
	u32 visited = watch_visited();
	char text[512] = "";
	struct strbuf log = STRBUF(text);
	bool ranges = true;
	for (u32 n = 0; tail_prog(n); n++) {
		watch_select(n);
		enum err e = watch_verify(tail_prog(n), seed % 2, &log);
		/* What ended a path early has shown less than what follows it; and the heap has an end. */
		if (e && e != ENOMEM && !strstr(text, "too many paths"))
			return found(seed, text);
		ranges &= e == OK;
	}
	watch_select(0);
	figures.no_ranges += !ranges;
	return run_shadow(p, seed, ranges, visited) && run_real(p, seed, PROG_JIT) &&
	       run_real(p, seed, PROG_INTERPRET);
}

static void count(bool accepted)
{
	figures.made++;
	++*(accepted ? &figures.accepted : &figures.refused);
	for (u32 i = 0; i < FEATURE_COUNT; i++)
		if (made.features & 1ull << i) {
			figures.of_feature[i]++;
			figures.accepted_of[i] += accepted;
		}
}

bool try_program(u64 seed, bool shows)
{
	char text[512] = "";
	struct strbuf log = STRBUF(text);
	enum err e;
	bool ok = true;
	u64 before, after, blocks;
	heap_usage(&before, &blocks);
	make_program(&made, seed, NULL);
	input_begin();
	watch_begin(0);
	if (!tail_begin())
		return false;
	struct prog *p = try_load(&made, &e, &log);
	count(e == OK);
	if (e == OK)
		tail_add(p, seed);
	if (shows) {
		show();
		kprintf("%s\n", e ? text : "accepted");
	}
	op_tricks_off = seed % 4 ? 0 : (u32)(seed * 0x9e3779b9);
	if (e == OK)
		ok = run_all(p, seed);
	else
		count_reason(text);
	op_tricks_off = 0;
	tail_end();
	prog_free(p);
	heap_usage(&after, &blocks);
	if (ok && after != before)
		return found(seed, "it leaves bytes on the heap");
	return ok;
}
