// SPDX-License-Identifier: MIT
// Of the JIT: what all its parts use. This file calls none of them.
#include "vm/jit/x86_64/parts.h"

/* Which register is which (ORDER BPF_REGS), and why:
 *   R0       RAX       both are where a call leaves its result
 *   R1..R5   RDI..R8   the SysV argument registers in their order: a helper call moves nothing
 *   R6..R9   callee-saved on both sides; RBX first, which needs no REX prefix at 32 bits, R13 last,
 *            which cannot be a base without a displacement byte; R12 would always cost a SIB byte
 *   R10      RBP       both are the frame pointer, and backtraces pass through
 * R9, R10 and R11 of x86 hold no eBPF register: they are scratch within one op. R9 is also the sixth argument
 * of helpers. R12 counts tail calls in programs that have them, and is never touched in others. */
const u8 jit_regs[BPF_REGS] = { RAX, RDI, RSI, RDX, RCX, R8, RBX, R14, R15, R13, RBP };

/* clang-format off */
#define ROW(name) { name##_rr, name##_rr32, name##_ri, name##_ri32 }
const struct alu_row jit_alu_rows[ALU_END] = {
	[ALU_ADD] = ROW(add), [ALU_SUB] = ROW(sub), [ALU_OR] = ROW(or), [ALU_AND] = ROW(and),
	[ALU_XOR] = ROW(xor),
};
#undef ROW
/* clang-format on */

/* An index without a base becomes the base where that is shorter: [rdi], [rdi+rdi]. */
struct mem jit_operand(const struct op *op)
{
	struct mem m = { .disp = op->disp, .base = NO_REG, .index = NO_REG, .shift = op->shift };
	if (op->a != OP_NO_REG)
		m.base = jit_a(op);
	if (op->index != OP_NO_REG)
		m.index = jit_regs[op->index];
	if (m.base == NO_REG && m.index != NO_REG && m.shift < 2) {
		m.base = m.index;
		m.index = m.shift ? m.index : NO_REG;
		m.shift = 0;
	}
	return m;
}

/* What the verifier has proven cannot fault. */
static bool can_fault(const struct jit *j)
{
	return !prog_is_proven(j->p) || j->p->proven[j->idx].memory == MEMORY_OBJECT;
}

u32 jit_fixup(struct jit *j, u32 reg)
{
	if (!can_fault(j))
		return NO_FIXUP;
	if (!j->sizing)
		j->fixups[j->fixup_count] = (struct text_fixup){ .at = jit_here(j), .dst_reg = reg };
	return j->fixup_count++;
}

void jit_fixup_resume(struct jit *j, u32 index)
{
	if (!j->sizing && index != NO_FIXUP)
		j->fixups[index].resume = jit_here(j);
}

u32 jit_end_of(const struct jit *j, u32 idx)
{
	return j->at[idx + 1] - (idx + 1 < j->p->insn_count ? j->ops[idx + 1].pad : 0);
}
