// SPDX-License-Identifier: MIT
// Listens to the walk. The linker leads the calls of its parts here (--wrap), so that the verifier has no line for this.
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tests/fuzz/proof/proof.h"
#include "vm/verify/verify.h"
#include "vm/verify/walk.h"

enum { RANGES = 8, VISITED_AT_MOST = 100000 };

/* What a register was before an instruction, on different paths. */
struct known {
	u32 count;
	struct reg regs[RANGES];
};

static struct known known[PROGS][INSNS][BPF_REGS];
static bool is_object[PROGS][INSNS];
static u32 visited, which; /* program */
static bool records, all_matters, all_is_live;

void watch_select(u32 n)
{
	which = n;
}

void watch_begin(u32 n)
{
	which = n;
	memset(is_object[n], 0, sizeof(is_object[n]));
	visited = 0;
}

u32 watch_visited(void)
{
	return visited;
}

bool watch_is_object(u32 idx)
{
	return is_object[which][idx];
}

static bool is_same_kind(const struct reg *a, const struct reg *b)
{
	return a->kind == b->kind && a->what == b->what && a->may_be_null == b->may_be_null;
}

/* The last one that is of its kind is widened if there is no room. */
static void add(struct known *k, const struct reg *r)
{
	for (u32 i = 0; i < k->count; i++)
		if (is_same_kind(&k->regs[i], r) && range_includes(&k->regs[i].at, &r->at))
			return;
	if (k->count < RANGES) {
		k->regs[k->count++] = *r;
		return;
	}
	for (u32 i = k->count; i-- > 0;)
		if (is_same_kind(&k->regs[i], r)) {
			k->regs[i].at = range_join(k->regs[i].at, r->at);
			return;
		}
	k->regs[0] = (struct reg){ .kind = REG_OBJECT }; /* too many kinds: anything */
}

static void note(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	visited = w->visited;
	if (visited > VISITED_AT_MOST) /* a program for which others would have to wait */
		w->visited = VISITED_MAX;
	if (w->idx >= INSNS)
		return;
	if (insn_is_access(in) && walk_reg(w, insn_base(in))->kind == REG_OBJECT)
		is_object[which][w->idx] = true;
	for (u32 n = 0; n < BPF_REGS && records; n++)
		add(&known[which][w->idx][n], walk_reg(w, n));
}

#define LISTEN(name)                            \
	enum err __real_##name(struct walk *w); \
	enum err __wrap_##name(struct walk *w); \
	enum err __wrap_##name(struct walk *w)  \
	{                                       \
		note(w);                        \
		return __real_##name(w);        \
	}
LISTEN(walk_arith)
LISTEN(walk_branch)

static bool exits;

enum err __real_walk_exit(struct walk *w);
enum err __wrap_walk_exit(struct walk *w);
enum err __wrap_walk_exit(struct walk *w)
{
	note(w);
	exits = true;
	enum err e = __real_walk_exit(w);
	exits = false;
	return e;
}

void __real_state_forget(struct state *s, u32 what);
void __wrap_state_forget(struct state *s, u32 what);
void __wrap_state_forget(struct state *s, u32 what)
{
	if (broken != 27 || !exits)
		__real_state_forget(s, what);
}

/* The number of which the load has read a part. */
static const struct reg *whole_of(const struct walk *w, const struct insn *in, const struct reg *base)
{
	i64 at = base->at.whole.smin + in->off;
	const struct frame *f = base->kind == REG_STACK ? w->now.frames[base->what] : NULL;
	const struct slot *s = f && at < 0 ? &f->slots[(u64)(-at - 1) / 8] : NULL;
	bool is_part = insn_class(in) == CLASS_LDX && insn_size(in) < 8 && range_is_const(&base->at);
	return is_part && s && s->len == 8 && s->reg.kind == REG_NUMBER ? &s->reg : NULL;
}

enum err __real_walk_access(struct walk *w);
enum err __wrap_walk_access(struct walk *w);
enum err __wrap_walk_access(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	struct reg base = *walk_reg(w, insn_base(in));
	note(w);
	enum err e = __real_walk_access(w);
	const struct reg *whole = broken == 25 && !e ? whole_of(w, in, &base) : NULL;
	if (whole)
		*walk_reg(w, in->dst) = *whole;
	return e;
}

enum err __real_walk_call(struct walk *w);
enum err __wrap_walk_call(struct walk *w);
enum err __wrap_walk_call(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	bool is_tail_call = insn_kind(in) == INSN_CALL && in->imm == BPF_FUNC_tail_call;
	note(w);
	enum err e = __real_walk_call(w);
	if (broken == 2 && !e && walk_reg(w, BPF_R0)->kind == REG_VALUE)
		walk_reg(w, BPF_R0)->may_be_null = false;
	if (broken == 22 && !e && is_tail_call)
		w->ended = true;
	return e;
}

struct live *__real_live_find(const struct prog *p, const u8 *marks, const u8 *decided, bool result);
struct live *__wrap_live_find(const struct prog *p, const u8 *marks, const u8 *decided, bool result);

/* What would matter if functions stored constants, except in their own stacks. */
static void forget_stores(const struct prog *p, const u8 *marks, const u8 *decided, bool result,
			  struct live *l)
{
	static struct insn insns[INSNS];
	struct prog other = *p;
	bool in_function = false;
	other.insns = insns;
	memcpy(insns, p->insns, p->insn_count * sizeof(*insns));
	for (u32 i = 0; i < p->insn_count; i++) {
		struct insn *in = &insns[i];
		in_function |= i && marks[i] & MARK_START;
		if (in_function && insn_class(in) == CLASS_STX && !insn_is_atomic(in) && in->dst != BPF_FP)
			*in = (struct insn){ OPCODE_ST64, in->dst, 0, in->off, 0 };
	}
	struct live *less = __real_live_find(&other, marks, decided, result);
	for (u32 i = 0; less && i < p->insn_count; i++) {
		l[i].regs_matter = less[i].regs_matter;
		l[i].slots_matter = less[i].slots_matter;
	}
	kfree(less);
}

struct live *__wrap_live_find(const struct prog *p, const u8 *marks, const u8 *decided, bool result)
{
	struct live *l = __real_live_find(p, marks, decided, result);
	if (l && broken == 28 && !all_matters)
		forget_stores(p, marks, decided, result, l);
	for (u32 i = 0; l && i < p->insn_count; i++) {
		if (all_is_live)
			l[i] = (struct live){ .slots = ~0ull, .regs = (1 << BPF_REGS) - 1 };
		if (all_matters) {
			l[i].regs_matter = l[i].regs;
			l[i].slots_matter = l[i].slots;
		} else if (broken == 12) {
			l[i].regs &= (u16) ~(1 << BPF_R7);
		} else if (broken == 13) {
			l[i].slots = 0;
		} else if (broken == 8) {
			l[i].regs_matter = 0;
			l[i].slots_matter = 0;
		}
	}
	return l;
}

enum err watch_verify(const struct prog *p, bool everything, struct strbuf *log)
{
	static struct prog again; /* a map of programs looks at it later */
	again = *p;
	for (u32 i = 0; i < p->insn_count; i++)
		for (u32 n = 0; n < BPF_REGS; n++)
			known[which][i][n].count = 0;
	again.state = PROG_LOADED;
	records = all_matters = true;
	all_is_live = everything;
	enum err e = prog_verify(&again, log);
	records = all_matters = all_is_live = false;
	if (!e) {
		kfree(again.taken);
		kfree(again.proven);
	}
	return e;
}

/* ---- what was known, and what is ---- */

static bool allows_value(const struct prog *p, const struct reg *r, u64 value)
{
	const struct map *m = p->object->maps[r->what];
	const void *base;
	u64 first;
	if (r->may_be_null && !value)
		return true;
	if (m->values) {
		for (u32 i = 0; i < m->max_entries; i++)
			if (range_has(&r->at, value - (uptr)(m->values + i * m->stride)))
				return true;
		return false;
	}
	/* What leads out of its value may lie in that of another element. */
	if (r->at.whole.smin < 0 || r->at.whole.smax >= (i64)m->value_size)
		return true;
	first = m->ops->values_around(m, value, &base);
	return !first || range_has(&r->at, value - (uptr)base) || value - (uptr)base >= m->value_size;
}

static bool allows(const struct prog *p, const struct reg *r, u64 value, const u64 *ends, const void *ctx)
{
	switch (r->kind) {
	case REG_NONE: return false;
	case REG_NUMBER: return range_has(&r->at, value);
	case REG_STACK: return range_has(&r->at, value - ends[r->what]);
	case REG_CONTEXT: return range_has(&r->at, value - (uptr)ctx);
	case REG_MAP: return value == (uptr)p->object->maps[r->what];
	case REG_VALUE: return allows_value(p, r, value);
	case REG_MEMORY:
	case REG_RECORD: return value || r->may_be_null;
	default: return true;
	}
}

bool watch_allows(const struct prog *p, u32 idx, u32 n, u64 value, const u64 *ends, const void *ctx)
{
	const struct known *k = &known[which][idx][n];
	for (u32 i = 0; i < k->count; i++)
		if (allows(p, &k->regs[i], value, ends, ctx))
			return true;
	return false;
}

void watch_print(struct strbuf *s, u32 idx, u32 n)
{
	const struct known *k = &known[which][idx][n];
	for (u32 i = 0; i < k->count; i++) {
		const struct reg *r = &k->regs[i];
		str_printf(s, " kind %u what %u s %lld..%lld u %llu..%llu", r->kind, r->what,
			   r->at.whole.smin, r->at.whole.smax, r->at.whole.umin, r->at.whole.umax);
	}
	if (!k->count)
		str_puts(s, " no path comes there");
}
