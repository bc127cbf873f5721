// SPDX-License-Identifier: MIT
// Which registers are still needed after each op, and which ops are not.
#include "vm/op.h"

u32 op_live_before(const struct op *op)
{
	u32 written = op->flags & OP_WHEN ? 0 : op_writes(op);
	return op_reads(op) | (op->live & ~written);
}

/* What is live after op idx, as far as it is known by now. */
static u32 live_after(const struct ops *o, u32 idx)
{
	const struct op *op = &o->op[idx];
	u32 live = 0;
	if (op->kind == INSN_EXIT || idx + 1 == o->p->insn_count)
		return op_is_goto(op) ? op_live_before(&o->op[op_target(op, idx)]) : 0;
	if (!op_is_goto(op))
		live = op_live_before(op + 1);
	if (op_is_goto(op) || op_is_branch(op))
		live |= op_live_before(&o->op[op_target(op, idx)]);
	return live;
}

/* One backward pass over all; whether anything became live that was not. */
static bool live_pass(struct ops *o)
{
	bool changed = false;
	for (u32 i = o->p->insn_count; i-- > 0;) {
		u32 live = live_after(o, i);
		changed |= live != o->op[i].live;
		o->op[i].live = (u16)live;
	}
	return changed;
}

/* Each pass carries what is live over one more loop, from the inner to the outer. Programs need as many
 * as their loops nest, and two; if that is too many all counts as live everywhere. */
#define LIVE_PASSES 32
void ops_find_live(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		o->op[i].live = 0;
	for (u32 i = 0; i < LIVE_PASSES; i++)
		if (!live_pass(o))
			return;
	for (u32 i = 0; i < o->p->insn_count; i++)
		o->op[i].live = (1 << BPF_REGS) - 1;
}

/* Arithmetic, immediates and truth values: nothing but the result. */
static bool is_pure(const struct op *op)
{
	u32 class = op_class(op);
	return op->kind >= INSN_KINDS || op->flags & OP_SET || class == CLASS_LD || class == CLASS_ALU32 ||
	       class == CLASS_ALU64;
}

void ops_drop_dead(struct ops *o)
{
	for (u32 i = o->p->insn_count; i-- > 0;) {
		struct op *op = &o->op[i];
		op->live &= (u16)live_after(o, i); /* less than before: what follows may have gone */
		if (op->kind == OP_GONE)
			continue;
		bool is_void = op->flags & OP_SELECT && op[1].kind == OP_GONE;
		if (is_void || (is_pure(op) && !(op_writes(op) & op->live)))
			op_drop(op);
	}
}
