// SPDX-License-Identifier: MIT
// Finds for a whole program which registers are still needed after each op, and removes the ops whose results
// are not. Finds for a whole function which registers never hold more than 32 bits.
#include "vm/jit/op.h"

u32 op_live_before(const struct op *op)
{
	return op_reads(op) | (op->live & ~op_writes(op));
}

/* Returns what is live after op idx, as far as the passes until now have found. */
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

/* One pass over all ops, from last to first; returns whether op->live has changed anywhere. */
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

/* Each pass carries what is live over one more loop, from the inner to the outer. A program whose loops
 * nest N deep needs N + 2 passes. If that is too many, every register counts as live everywhere. */
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

/* Whether the op does nothing but write its result: arithmetic and immediates. */
static bool is_pure(const struct op *op)
{
	u32 class = op_class(op);
	return op->kind >= INSN_KINDS || class == CLASS_LD || class == CLASS_ALU32 || class == CLASS_ALU64;
}

void ops_drop_dead(struct ops *o)
{
	for (u32 i = o->p->insn_count; i-- > 0;) {
		struct op *op = &o->op[i];
		op->live &= (u16)live_after(o, i); /* less than before: what follows may have gone */
		if (op->kind == OP_GONE)
			continue;
		if (is_pure(op) && !(op_writes(op) & op->live))
			op_drop(op);
	}
}

bool op_writes_u32(const struct op *op, const struct insn *in, u32 mask)
{
	bool a = op->a != OP_NO_REG && mask & 1u << op->a, b = op->b != OP_NO_REG && mask & 1u << op->b;
	switch (op->kind) {
	case INSN_MOV64_K: return op->imm >= 0;
	case INSN_MOV64_X: return b;
	case INSN_AND64_K: return op->imm >= 0 || a;
	case INSN_AND64_X: return a || b;
	case INSN_OR64_K:
	case INSN_XOR64_K: return a && op->imm >= 0;
	case INSN_OR64_X:
	case INSN_XOR64_X: return a && b;
	case INSN_RSH64_K: return a || (op->imm & 63) >= 32;
	case INSN_RSH64_X:
	case INSN_DIV64_K:
	case INSN_DIV64_X:
	case INSN_MOD64_K:
	case INSN_MOD64_X: return a;
	case INSN_LD_IMM64: return in[1].imm == 0;
	case INSN_LDX8:
	case INSN_LDX16:
	case INSN_LDX32:
	case INSN_LE16:
	case INSN_LE32:
	case INSN_BE16:
	case INSN_BE32:
	case INSN_BSWAP16:
	case INSN_BSWAP32:
	case OP_ROL32: return true;
	default: return opcode_of(op) && op_class(op) == CLASS_ALU32 && op_operation(op) != ALU_END;
	}
}

/* Returns the end of the function that starts at start. */
static u32 function_end(const struct ops *o, u32 start)
{
	u32 end = start + 1;
	while (end < o->p->insn_count && !(o->marks[end] & MARK_START))
		end++;
	return end;
}

/* Removes from the mask each register to which the function also writes other values, until nothing
 * changes. So the loop runs at most once for each register. The function's arguments may be anything. */
u32 ops_always_u32(const struct ops *o, u32 start)
{
	u32 end = function_end(o, start), before;
	u32 mask = (1u << BPF_FP) - 1;
	mask &= ~op_live_before(&o->op[start]);
	do {
		before = mask;
		for (u32 i = start; i < end; i++) {
			const struct op *op = &o->op[i];
			if (op_writes(op) & mask && !op_writes_u32(op, &o->p->insns[i], mask))
				mask &= ~op_writes(op);
		}
	} while (mask != before);
	return mask;
}
