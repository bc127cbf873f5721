// SPDX-License-Identifier: MIT
// One program: made, verified, watched, and run on hostile inputs in the checking interpreter, in machine code and in
// the kernel's interpreter. All three must leave the same.
#include <string.h>
#include <sys/mman.h>
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/task.h"
#include "tests/fuzz/proof/proof.h"
#include "tests/host/host.h"
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
	u32 hashed;
	u64 keys[HASHED];
	u8 values[HASHED][48];
};

static struct made made;
static struct map *maps[MAPS];
static struct object object = { .maps = maps, .map_count = MAPS, .license = "GPL" };
static u64 *context; /* right before a page that cannot be accessed */
static u64 input_seed, hostile_state;
static i32 constants[64]; /* of the program */
static u32 constant_count;
static struct {
	char text[100];
	u64 count;
} reasons[REASONS];
struct figures figures;

/* ---- inputs ---- */

u64 hostile_next(void)
{
	static const u64 ends[] = { 0,
				    1,
				    ~0ull,
				    0x7fffffff,
				    0x80000000,
				    0xffffffff,
				    0x7fffffffffffffff,
				    1ull << 63,
				    0x100000000,
				    0xffffffff80000000,
				    0xffffffff7fffffff,
				    0x7fff,
				    0x8000,
				    0x80,
				    0xff };
	u64 n = random_next(&hostile_state), pick = n >> 60;
	if (pick < 4)
		return ends[random_below(&hostile_state, array_len(ends))];
	if (pick < 11 && constant_count) {
		u64 k = (u64)(i64)constants[random_below(&hostile_state, constant_count)];
		k += random_below(&hostile_state, 3) - 1ull;
		return pick == 9 ? (u32)k | n << 32 : pick == 10 ? (u32)k : k;
	}
	return n >> random_below(&hostile_state, 64);
}

static u64 helper_number(u64 r1 unused, u64 r2 unused, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			 const struct prog *p unused)
{
	return hostile_next();
}

static void find_constants(void)
{
	constant_count = 0;
	for (u32 i = 0; i < made.count && constant_count < array_len(constants); i++)
		if (insn_class(&made.insns[i]) >= CLASS_ALU32)
			constants[constant_count++] = made.insns[i].imm;
}

static void drop_record(const void *data unused, u32 len unused, void *arg unused) {}

static void set_maps(void)
{
	struct map *hash = maps[MAP_HASH];
	u64 key, value[6];
	memset(maps[MAP_LOCKS]->values, 0, 2 * maps[MAP_LOCKS]->stride);
	ringbuf_consume(maps[MAP_RING], drop_record, NULL);
	for (u32 i = 0; i < 8; i++)
		((u64 *)maps[MAP_ARRAY]->values)[i] = hostile_next();
	for (u32 i = 0; i < 8; i++)
		((u64 *)maps[MAP_DATA]->values)[i] = hostile_next();
	while (!hash->ops->next_key(hash, NULL, &key))
		hash->ops->remove(hash, &key);
	for (key = 0; key < 3; key++) {
		for (u32 i = 0; i < 6; i++)
			value[i] = hostile_next();
		if (hostile_next() & 1)
			hash->ops->update(hash, &key, value, 0);
	}
}

static void set_input(u64 seed)
{
	static u64 page[512];
	const u64 objects[] = { (uptr)current, 0, 0xdead000000000000, (uptr)page, 0x1000, ~0ull - 7 };
	hostile_state = seed;
	set_maps();
	for (u32 i = 0; i < CONTEXT; i++)
		context[i] = hostile_next();
	context[-1] = made.is_fexit ? 1 : made.is_tracing ? 2 : CONTEXT;
	host_trace_clear();
	if (made.is_tracing)
		context[0] = objects[random_below(&hostile_state, array_len(objects))];
	hostile_state = seed ^ 0x5555;
}

/* ---- results ---- */

static void copy_untainted(void *to, const void *from, u32 len, void *mask, bool first)
{
	for (u32 i = 0; i < len; i++) {
		if (first)
			((u8 *)mask)[i] = memory_is_tainted((uptr)from + i, 1) ? 0 : 0xff;
		((u8 *)to)[i] = ((const u8 *)from)[i] & ((u8 *)mask)[i];
	}
}

static void keep_result(struct result *r, struct result *mask, u64 r0, bool first)
{
	struct map_iter it = { 0 };
	memset(r, 0, sizeof(*r));
	r->r0 = r0 & mask->r0;
	copy_untainted(r->array, maps[MAP_ARRAY]->values, 64, mask->array, first);
	copy_untainted(r->data, maps[MAP_DATA]->values, 64, mask->data, first);
	while (r->hashed < HASHED && maps[MAP_HASH]->ops->iterate(maps[MAP_HASH], &it)) {
		u32 i = r->hashed++;
		r->keys[i] = *(const u64 *)it.key;
		copy_untainted(r->values[i], it.value, 48, mask->values[i], first);
	}
}

/* ---- the program ---- */

static void show(const struct prog *p)
{
	for (u32 i = 0; i < made.count; i++) {
		char text[128] = "";
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &made.insns[i]);
		kprintf("%4u: %s\n", i, text);
		i += insn_is_wide(&made.insns[i]);
	}
	(void)p;
}

static bool found(u64 seed, const struct prog *p, const char *what)
{
	kprintf("FINDING seed %llu%s, input %llu: %s\n", seed, made.is_tracing ? " (tracing)" : "",
		input_seed, what);
	show(p);
	return false;
}

static struct prog *load_program(enum err *e, struct strbuf *log)
{
	struct prog *p;
	const char *section = made.is_fexit     ? "fexit/wake_up_process"
			      : made.is_tracing ? "tp_btf/sched_migrate_task"
						: "raw_tp";
	*e = prog_new(&p, "fuzz", section, log);
	if (!*e)
		*e = section_parse(p, log);
	if (*e)
		return p;
	p->object = &object;
	p->mode = PROG_JIT;
	p->insn_count = made.count;
	p->insns = kmalloc(made.count * sizeof(struct insn));
	memcpy(p->insns, made.insns, made.count * sizeof(struct insn));
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

static bool has_rounds(const struct prog *p)
{
	for (u32 i = 0; i < p->insn_count; i++) {
		enum insn_kind kind = insn_kind(&p->insns[i]);
		const struct helper *h = kind == INSN_CALL ? helper_find((u32)p->insns[i].imm) : NULL;
		if (kind == INSN_CALL_KFUNC || (h && h->flags & HELPER_CALLBACK))
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
		struct shadow s = { .p = p, .ctx = context, .ranges = ranges, .limit = visited, .why = why };
		struct shadow_reg r0;
		s.has_callbacks = has_rounds(p);
		input_seed = seed * INPUTS + i;
		set_input(input_seed);
		bool ok = shadow_run(&s, &r0);
		figures.runs++;
		figures.steps += s.steps;
		figures.too_long += s.gave_up;
		for (u32 k = 0; k < INSN_KINDS; k++)
			figures.of_kind[k] += s.kinds[k];
		if (!ok)
			return found(seed, p, why);
		if (made.is_fexit && r0.v && !s.gave_up)
			return found(seed, p, "it returns another number than 0");
		runs[i] = !s.gave_up;
		compares[i] = !s.diverges && !s.gave_up && !memory_is_full();
		masks[i].r0 = r0.tainted ? 0 : ~0ull;
		keep_result(&wants[i], &masks[i], r0.v, true);
	}
	return true;
}

static bool has_objects(const struct prog *p)
{
	for (u32 i = 0; i < p->insn_count; i++)
		if (watch_is_object(i))
			return true;
	return false;
}

/* In p->mode. */
static bool run_real(struct prog *p, u64 seed)
{
	char text[128] = "";
	struct strbuf log = STRBUF(text);
	struct result got;
	const char *name = p->mode == PROG_JIT ? "machine code" : "the interpreter";
	if (prog_compile(p, &log))
		return found(seed, p, text);
	for (u32 i = 0; i < INPUTS; i++) {
		input_seed = seed * INPUTS + i;
		if (!runs[i])
			continue;
		set_input(input_seed);
		u64 r0 = run(p);
		keep_result(&got, &masks[i], r0, false);
		if (p->mistakes.stores || (p->mistakes.loads && !has_objects(p))) {
			str_printf(&log, "%s strayed at insn %d", name, p->mistakes.first - 1);
			return found(seed, p, text);
		}
		if (compares[i] && memcmp(&got, &wants[i], sizeof(got))) {
			str_printf(&log, "%s differs: r0 0x%llx, not 0x%llx", name, got.r0, wants[i].r0);
			return found(seed, p, text);
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
	enum err e = watch_verify(p, &log);
	bool ranges = e == OK;
	figures.no_ranges += !ranges;
	/* What ended a path early has shown less than what follows it; and the heap has an end. */
	if (!ranges && e != ENOMEM && !strstr(text, "too many paths"))
		return found(seed, p, text);
	if (!run_shadow(p, seed, ranges, visited) || !run_real(p, seed))
		return false;
	prog_uncompile(p);
	p->mode = PROG_INTERPRET;
	return run_real(p, seed);
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
	make_program(&made, seed);
	find_constants();
	watch_begin(false);
	struct prog *p = load_program(&e, &log);
	count(e == OK);
	if (shows) {
		show(p);
		kprintf("%s\n", e ? text : "accepted");
	}
	op_tricks_off = seed % 4 ? 0 : (u32)(seed * 0x9e3779b9);
	if (e == OK)
		ok = run_all(p, seed);
	else
		count_reason(text);
	op_tricks_off = 0;
	prog_free(p);
	heap_usage(&after, &blocks);
	if (ok && after != before)
		return found(seed, NULL, "it leaves bytes on the heap");
	return ok;
}

bool try_begin(void)
{
	static const struct {
		const char *name;
		enum bpf_map_type type;
		u32 key_size, value_size, entries, flags;
	} rows[MAPS] = {
		[MAP_ARRAY] = { "array", BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0 },
		[MAP_HASH] = { "hash", BPF_MAP_TYPE_HASH, 8, 48, 4, 0 },
		[MAP_RODATA] = { ".rodata", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG },
		[MAP_DATA] = { ".data", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0 },
		[MAP_LOCKS] = { "locked", BPF_MAP_TYPE_ARRAY, 4, 16, 2, 0 },
		[MAP_RING] = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	};
	static const struct helper numbers[] = {
		{ BPF_FUNC_ktime_get_ns, "ktime_get_ns", RET_SCALAR, { ARG_NONE }, 0, helper_number },
		{ BPF_FUNC_get_prandom_u32, "get_prandom_u32", RET_SCALAR, { ARG_NONE }, 0, helper_number },
		{ BPF_FUNC_get_current_pid_tgid,
		  "get_current_pid_tgid",
		  RET_SCALAR,
		  { ARG_NONE },
		  0,
		  helper_number },
	};
	char text[128] = "";
	struct strbuf log = STRBUF(text);
	for (u32 i = 0; i < MAPS; i++)
		if (map_create(&maps[i], rows[i].name, rows[i].type, rows[i].key_size, rows[i].value_size,
			       rows[i].entries, rows[i].flags, &log))
			return false;
	u8 *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pages == MAP_FAILED || mprotect(pages + 4096, 4096, PROT_NONE) || !host_kernel_btf())
		return false;
	static const char *const iters[] = { "bpf_iter_num_new", "bpf_iter_num_next",
					     "bpf_iter_num_destroy" };
	for (u32 i = 0; i < array_len(iters) && kfunc_named(iters[i]); i++)
		made.iter_ids[i] = kfunc_btf_id(kfunc_named(iters[i]));
	maps[MAP_LOCKS]->lock_at = maps[MAP_LOCKS]->lock_size = 4;
	str_copy((char *)maps[MAP_RODATA]->values, "v=%d", 16);
	context = (u64 *)(pages + 4096) - CONTEXT;
	helper_add_table(numbers, array_len(numbers));
	return true;
}
