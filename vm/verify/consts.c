// SPDX-License-Identifier: MIT
// Each target of a jump and each start of a function has a label. What is known at a label is what all paths
// to it agree on. Rounds over the whole program join these paths, until a round changes nothing.
#include "vm/verify/consts.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"

#define ROUNDS_MAX 64 /* most programs need two; the second finds nothing new */
#define LABELS_MAX (1u << 17)

struct consts_label {
	struct known r[BPF_FP]; /* R0 to R9 */
	struct known result;    /* of a function: R0 at its end */
};

static const struct known any = { .kind = KNOWN_ANY }, near = { .kind = KNOWN_NEAR };

static struct known number(u64 n)
{
	return (struct known){ KNOWN_NUMBER, 0, n };
}

static bool is_number(struct known v)
{
	return v.kind == KNOWN_NUMBER;
}

static bool is_value(struct known v)
{
	return v.kind == KNOWN_VALUE || v.kind == KNOWN_WITHIN;
}

static bool may_be_context(struct known v)
{
	return v.kind >= KNOWN_CONTEXT;
}

static struct known within(struct known v)
{
	return (struct known){ KNOWN_WITHIN, v.map, 0 };
}

static bool same(struct known a, struct known b)
{
	return a.kind == b.kind && a.map == b.map && a.n == b.n;
}

static struct known join(struct known a, struct known b)
{
	if (a.kind == KNOWN_NOTHING || same(a, b))
		return b;
	if (b.kind == KNOWN_NOTHING)
		return a;
	if (may_be_context(a) || may_be_context(b))
		return !may_be_context(a) ? b : !may_be_context(b) ? a : near;
	if (a.kind == KNOWN_FUNCS && b.kind == KNOWN_FUNCS)
		return (struct known){ KNOWN_FUNCS, 0, a.n | b.n };
	return is_value(a) && is_value(b) && a.map == b.map ? within(a) : any;
}

static void join_into(struct consts *c, struct known *at, struct known v)
{
	struct known both = join(*at, v);
	c->changed |= !same(both, *at);
	*at = both;
}

static struct consts_label *label(const struct consts *c, u32 idx)
{
	return &c->labels[c->label_at[idx] - 1];
}

static void reach(struct consts *c, u32 idx)
{
	struct consts_label *to = label(c, idx);
	for (u32 i = 0; i < array_len(to->r); i++)
		join_into(c, &to->r[i], c->r[i]);
}

/* Calls a function: the first `count` arguments are known, the others are not. */
static void flow_into(struct consts *c, u32 start, u32 count)
{
	struct consts_label *to = label(c, start);
	for (u32 i = 0; i < array_len(to->r); i++)
		join_into(c, &to->r[i], i >= BPF_R1 && i < BPF_R1 + count ? c->r[i] : any);
}

static bool fold(const struct insn *in, u64 a, u64 b, bool is_wide, u64 *value)
{
	u32 count = (u32)b & (is_wide ? 63 : 31);
	switch (insn_operation(in)) {
	case ALU_ADD: *value = a + b; return true;
	case ALU_SUB: *value = a - b; return true;
	case ALU_MUL: *value = a * b; return true;
	case ALU_OR: *value = a | b; return true;
	case ALU_AND: *value = a & b; return true;
	case ALU_XOR: *value = a ^ b; return true;
	case ALU_MOV: *value = b; return in->off == 0;
	case ALU_LSH: *value = a << count; return true;
	case ALU_RSH: *value = a >> count; return true;
	case ALU_ARSH: *value = (u64)((is_wide ? (i64)a : (i64)(i32)a) >> count); return true;
	default: return false;
	}
}

static struct known fold_numbers(const struct insn *in, u64 a, u64 b)
{
	bool is_wide = insn_class(in) == CLASS_ALU64;
	u64 value;
	if (!fold(in, is_wide ? a : (u32)a, is_wide ? b : (u32)b, is_wide, &value))
		return any;
	return number(is_wide ? value : (u32)value);
}

static struct known moved(struct known v, struct known by, bool up)
{
	if (v.kind != KNOWN_VALUE || !is_number(by))
		return within(v);
	return (struct known){ KNOWN_VALUE, v.map, up ? v.n + by.n : v.n - by.n };
}

static struct known operand(const struct consts *c, const struct insn *in)
{
	return insn_uses(insn_kind(in)) & USES_SRC ? c->r[in->src] : number((u64)(i64)in->imm);
}

static struct known alu_result(const struct consts *c, const struct insn *in)
{
	struct known d = c->r[in->dst], s = operand(c, in);
	bool needs_dst = insn_operation(in) != ALU_MOV;
	bool is_from_context = may_be_context(s) || (needs_dst && may_be_context(d));
	switch (insn_kind(in)) {
	case INSN_MOV64_X: return s;
	case INSN_ADD64_K:
	case INSN_ADD64_X:
		if (d.kind == KNOWN_CONTEXT && is_number(s))
			return (struct known){ KNOWN_CONTEXT, 0, d.n + s.n };
		if (is_value(d) || is_value(s))
			return is_value(d) ? moved(d, s, true) : moved(s, d, true);
		break;
	case INSN_SUB64_K:
	case INSN_SUB64_X:
		if (d.kind == KNOWN_CONTEXT && is_number(s))
			return (struct known){ KNOWN_CONTEXT, 0, d.n - s.n };
		if (is_value(d) && is_number(s))
			return moved(d, s, false);
		break;
	default: break;
	}
	if (is_from_context)
		return near;
	return is_number(s) && (is_number(d) || !needs_dst) ? fold_numbers(in, d.n, s.n) : any;
}

static struct known load_result(const struct consts *c, const struct insn *in)
{
	struct known at = c->r[in->src];
	u32 size = insn_size(in);
	u64 offset = at.n + (u64)(i64)in->off, value = 0;
	if (at.kind != KNOWN_VALUE)
		return any;
	const struct map *m = c->p->object->maps[at.map];
	if (!m->read_only || m->value_size < size || offset > m->value_size - size)
		return any;
	memcpy(&value, m->values + offset, size);
	u32 unused_bits = insn_loads_signed(in) ? 64 - 8 * size : 0;
	return number((u64)((i64)(value << unused_bits) >> unused_bits));
}

static struct known func_address(const struct consts *c, u32 start)
{
	for (u32 i = 0; i < c->p->taken_count && i < 64; i++)
		if (c->p->taken[i] == start)
			return (struct known){ KNOWN_FUNCS, 0, 1ull << i };
	return any;
}

static struct known wide_result(struct consts *c, const struct insn *in)
{
	if (insn_is_map(in))
		return (struct known){ KNOWN_MAP, (u32)in->imm, 0 };
	if (insn_is_map_value(in))
		return (struct known){ KNOWN_VALUE, (u32)in->imm, (u32)in[1].imm };
	if (insn_kind(in) == INSN_LD_IMM64)
		return number(insn_imm64(in));
	if (!insn_names_func(in))
		return any;
	/* Any place that gets this address may call the function. */
	flow_into(c, c->idx + 1 + (u32)in->imm, 0);
	return func_address(c, c->idx + 1 + (u32)in->imm);
}

static struct known result(struct consts *c, const struct insn *in)
{
	switch (insn_class(in)) {
	case CLASS_ALU32:
	case CLASS_ALU64: return alu_result(c, in);
	case CLASS_LDX: return load_result(c, in);
	case CLASS_LD: return wide_result(c, in);
	default: return any;
	}
}

static struct known local_result(struct consts *c, const struct insn *in)
{
	u32 start = c->idx + 1 + (u32)in->imm;
	flow_into(c, start, 5);
	return label(c, start)->result;
}

static struct known helper_result(const struct consts *c, const struct insn *in)
{
	bool finds = helper_find((u32)in->imm)->ret == RET_MAP_VALUE_OR_NULL;
	return finds && c->r[BPF_R1].kind == KNOWN_MAP ? within(c->r[BPF_R1]) : any;
}

/* A function whose end no path reaches does not return. */
static void call(struct consts *c, const struct insn *in)
{
	struct known r0 = any;
	if (insn_kind(in) == INSN_CALL_LOCAL)
		r0 = local_result(c, in);
	if (insn_kind(in) == INSN_CALL)
		r0 = helper_result(c, in);
	c->falls = r0.kind != KNOWN_NOTHING;
	for (u32 r = BPF_R0; r <= BPF_R5; r++)
		c->r[r] = any;
	c->r[BPF_R0] = r0;
}

static bool holds(const struct insn *in, u64 a, u64 b)
{
	bool is_wide = insn_class(in) == CLASS_JMP;
	i64 sa = is_wide ? (i64)a : (i32)a, sb = is_wide ? (i64)b : (i32)b;
	a = is_wide ? a : (u32)a;
	b = is_wide ? b : (u32)b;
	switch (insn_operation(in)) {
	case JMP_EQ: return a == b;
	case JMP_NE: return a != b;
	case JMP_GT: return a > b;
	case JMP_GE: return a >= b;
	case JMP_LT: return a < b;
	case JMP_LE: return a <= b;
	case JMP_SGT: return sa > sb;
	case JMP_SGE: return sa >= sb;
	case JMP_SLT: return sa < sb;
	case JMP_SLE: return sa <= sb;
	default: return a & b; /* JMP_SET */
	}
}

/* On the path on which dst equals a number, dst is that number. */
static void jump_if(struct consts *c, const struct insn *in)
{
	struct known d = c->r[in->dst], s = operand(c, in), equal = d;
	u32 target = c->idx + 1 + (u32)insn_jump(in);
	enum insn_kind kind = insn_kind(in);
	if (is_number(d) && is_number(s)) {
		c->falls = !holds(in, d.n, s.n);
		if (!c->falls)
			reach(c, target);
		return;
	}
	if (is_number(s) && (d.kind >= KNOWN_ANY || d.kind == KNOWN_WITHIN))
		equal = s;
	if (kind == INSN_JEQ64_K || kind == INSN_JEQ64_X)
		c->r[in->dst] = equal;
	reach(c, target);
	c->r[in->dst] = kind == INSN_JNE64_K || kind == INSN_JNE64_X ? equal : d;
}

static void jump(struct consts *c, const struct insn *in)
{
	if (insn_is_goto(in))
		reach(c, c->idx + 1 + (u32)insn_jump(in));
	else
		jump_if(c, in);
}

/* Runs the instruction at idx: updates c->r to what is known after it. */
static void step(struct consts *c)
{
	const struct insn *in = &c->p->insns[c->idx];
	u32 writes = insn_writes(in);
	c->falls = insn_falls_through(in);
	if (insn_is_exit(in)) {
		join_into(c, &c->labels[c->func].result, c->r[BPF_R0]);
	} else if (insn_is_call(in)) {
		call(c, in);
	} else if (insn_is_jump(in)) {
		jump(c, in);
	} else if (writes) {
		struct known v = result(c, in);
		for (u32 r = 0; r < BPF_FP; r++)
			if (writes & 1u << r)
				c->r[r] = v;
	}
}

static void set_any(struct known *r, u32 count)
{
	for (u32 i = 0; i < count; i++)
		r[i] = any;
}

/* Joins what is known after the line above into the label of an instruction, except at the start of a
 * function; then sets c->r from the label. Returns whether the instruction is reached. */
static bool arrive(struct consts *c, u32 idx)
{
	struct consts_label *l = label(c, idx);
	if (c->marks[idx] & MARK_START)
		c->func = c->label_at[idx] - 1;
	else if (c->falls)
		reach(c, idx);
	memcpy(c->r, l->r, sizeof(l->r));
	return c->r[BPF_R0].kind != KNOWN_NOTHING;
}

void consts_start(struct consts *c)
{
	c->next = 0;
	c->falls = false;
	c->idx = ~0u;
	set_any(c->r, BPF_REGS);
}

bool consts_next(struct consts *c)
{
	if (c->idx != ~0u && !c->lost)
		step(c);
	for (; c->next < c->p->insn_count; c->next++) {
		bool is_reached = c->lost || c->falls;
		if (c->marks[c->next] & MARK_TAIL)
			continue;
		if (!c->lost && c->label_at[c->next])
			is_reached = arrive(c, c->next);
		c->falls = is_reached;
		if (is_reached) {
			c->idx = c->next++;
			return true;
		}
	}
	return false;
}

void consts_free(struct consts *c)
{
	kfree(c->labels);
	kfree(c->label_at);
}

static u32 count_labels(const struct consts *c)
{
	u32 count = 0;
	for (u32 i = 0; i < c->p->insn_count; i++)
		count += (c->marks[i] & (MARK_START | MARK_TARGET)) != 0;
	return count;
}

static enum err make_labels(struct consts *c)
{
	u32 count = 0;
	c->lost = count_labels(c) > LABELS_MAX;
	if (c->lost)
		return OK;
	c->labels = kzalloc(count_labels(c) * sizeof(*c->labels));
	c->label_at = kzalloc(c->p->insn_count * sizeof(*c->label_at));
	if (!c->labels || !c->label_at) {
		consts_free(c);
		return ENOMEM;
	}
	for (u32 i = 0; i < c->p->insn_count; i++)
		if (c->marks[i] & (MARK_START | MARK_TARGET))
			c->label_at[i] = ++count;
	set_any(c->labels[0].r, BPF_FP);
	c->labels[0].r[BPF_R1] = (struct known){ KNOWN_CONTEXT, 0, 0 };
	return OK;
}

enum err consts_find(struct consts *c)
{
	enum err e = make_labels(c);
	c->changed = !e && !c->lost;
	for (u32 round = 0; c->changed; round++) {
		c->changed = false;
		for (consts_start(c); consts_next(c);)
			;
		c->lost = c->changed && round == ROUNDS_MAX;
		c->changed &= !c->lost;
	}
	return e;
}

struct known consts_result(const struct consts *c, u32 start)
{
	return c->lost ? any : label(c, start)->result;
}
