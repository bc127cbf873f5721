// SPDX-License-Identifier: MIT
// Removes jumps that are not needed: to another jump, around another jump, on the same condition again.
#include "vm/jit/op.h"

static void set_target(struct ops *o, u32 idx, u32 target)
{
	o->op[idx].disp = (i32)(target - (idx + 1));
}

static bool is_jump(const struct op *op)
{
	return op_is_goto(op) || op_is_branch(op);
}

static bool is_marked(const struct ops *o, u32 idx)
{
	return o->marks[idx] & (MARK_TARGET | MARK_START);
}

/* Marks the targets again, from the jumps that are left. */
static void mark_targets(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		o->marks[i] &= (u8)~MARK_TARGET;
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (is_jump(&o->op[i]))
			o->marks[op_target(&o->op[i], i)] |= MARK_TARGET;
}

/* Returns where a jump to idx ends; for an endless loop of jumps, any op in it. */
#define HOPS_MAX 8
static u32 last_target(const struct ops *o, u32 idx)
{
	for (u32 i = 0; i < HOPS_MAX && op_is_goto(&o->op[idx]); i++)
		idx = op_target(&o->op[idx], idx);
	return idx;
}

/* The jump on the opposite condition; OP_GONE for jset, which has none. */
static u8 opposite_jump(u8 kind)
{
	static const u8 families[] = {
		/* ORDER JUMPS */
		INSN_JNE64_K,  INSN_JLE64_K, INSN_JLT64_K, OP_GONE,       INSN_JEQ64_K,  INSN_JSLE64_K,
		INSN_JSLT64_K, INSN_JGE64_K, INSN_JGT64_K, INSN_JSGE64_K, INSN_JSGT64_K,
	};
	u8 first = families[(kind - INSN_JEQ64_K) / 4];
	return first == OP_GONE ? OP_GONE : first + (kind - INSN_JEQ64_K) % 4;
}

/*      if r1 > r2 goto +1              if r1 <= r2 goto L
 *      goto L                          gone                                            */
static void invert(struct ops *o, u32 idx)
{
	struct op *op = &o->op[idx];
	if (op_target(op, idx) != idx + 2 || !op_is_goto(&op[1]) || is_marked(o, idx + 1))
		return;
	u8 kind = opposite_jump(op->kind);
	if (kind == OP_GONE)
		return;
	op->kind = kind;
	set_target(o, idx, op_target(&op[1], idx + 1));
	op_drop(&op[1]);
}

/* clang compiles several selects on one condition to as many jumps on it. */
static bool is_same_condition(const struct op *x, const struct op *y)
{
	return x->kind == y->kind && x->a == y->a && x->b == y->b && x->imm == y->imm;
}

/* If a taken jump leads to a jump on the same condition, that one is taken, too:
 *      if r1 == 1 goto A               if r1 == 1 goto B
 *      ...                             ...
 *   A: if r1 == 1 goto B            A: if r1 == 1 goto B                                    */
static void follow(struct ops *o, u32 idx)
{
	u32 target = op_target(&o->op[idx], idx);
	for (u32 i = 0; i < HOPS_MAX && is_same_condition(&o->op[idx], &o->op[target]) && target != idx; i++)
		target = op_target(&o->op[target], target);
	set_target(o, idx, target);
}

/* Behind a jump that was not taken, no other on the same condition is taken. */
#define LOOK_AHEAD 8
static void drop_repeated(struct ops *o, u32 idx)
{
	const struct op *op = &o->op[idx];
	u32 needed = op_reads(op);
	for (u32 i = idx + 1; i <= idx + LOOK_AHEAD && i < o->p->insn_count && !is_marked(o, i); i++) {
		if (is_same_condition(op, &o->op[i]))
			op_drop(&o->op[i]);
		if (op_writes(&o->op[i]) & needed || op_is_goto(&o->op[i]) || o->op[i].kind == INSN_EXIT)
			return;
	}
}

/* Removes what follows a goto or an exit, up to the next target. */
static void drop_unreachable(struct ops *o)
{
	bool reached = true;
	for (u32 i = 0; i < o->p->insn_count; i++) {
		reached |= is_marked(o, i);
		if (!reached)
			op_drop(&o->op[i]);
		if (o->op[i].kind == INSN_EXIT || op_is_goto(&o->op[i]))
			reached = false;
	}
}

static void each_branch(struct ops *o, void (*change)(struct ops *o, u32 idx))
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (op_is_branch(&o->op[i]))
			change(o, i);
}

void ops_shorten_jumps(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (is_jump(&o->op[i]))
			set_target(o, i, last_target(o, op_target(&o->op[i], i)));
	each_branch(o, invert);
	each_branch(o, follow);
	mark_targets(o);
	each_branch(o, drop_repeated);
	mark_targets(o);
	drop_unreachable(o);
	mark_targets(o);
}
