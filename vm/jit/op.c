// SPDX-License-Identifier: MIT
// What an op reads and writes.
#include "vm/jit/op.h"

u32 op_tricks_off;

_Static_assert(OP_KINDS <= 256, "struct op has one byte for the kind");

#define CALL_READS 0x3e /* R1 to R5 */

static u32 bit(u32 reg)
{
	return reg == OP_NO_REG ? 0 : 1u << reg;
}

static bool is_call(const struct op *op)
{
	return opcode_of(op) == OPCODE_CALL || opcode_of(op) == OPCODE_CALLX;
}

u32 op_reads(const struct op *op)
{
	u32 reads = bit(op->a) | bit(op->b) | bit(op->index);
	if (is_call(op))
		reads |= CALL_READS;
	else if (op->kind == INSN_EXIT || op->kind == INSN_ATOMIC_CMPXCHG32 ||
		 op->kind == INSN_ATOMIC_CMPXCHG64)
		reads |= 1 << BPF_R0;
	return reads;
}

u32 op_map_of_call(const struct prog *p, const u8 *marks, u32 idx, u32 reg)
{
	u32 proven = prog_is_proven(p) ? p->proven[idx].map : 0;
	if (proven)
		return proven == MAP_VARIES ? 0 : proven;
	const struct insn *in = flow_constant(p, marks, idx, reg);
	return in && insn_is_map(in) ? (u32)in->imm + 1 : 0;
}

u32 op_writes(const struct op *op)
{
	return is_call(op) ? INSN_CALL_WRITES : bit(op->dst);
}
