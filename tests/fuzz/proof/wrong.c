// SPDX-License-Identifier: MIT
// Of the generator: programs that are nearly right.
#include "tests/fuzz/proof/clang.h"

static void mutate_one(struct insn *in)
{
	static const u8 ors[] = { JMP_GT, JMP_GE,  JMP_SGT, JMP_SGE, JMP_LT,
				  JMP_LE, JMP_SLT, JMP_SLE, JMP_EQ,  JMP_NE };
	bool tests = insn_is_jump(in) && !insn_is_goto(in),
	     computes = insn_class(in) == CLASS_ALU32 || insn_class(in) == CLASS_ALU64;
	switch (below(8)) {
	case 0:
		if ((tests || computes) && !insn_takes_reg(in))
			in->imm += chance(2) ? 1 : -1;
		break;
	case 1:
		if (tests)
			in->op = (u8)((in->op & 15) | ors[below(array_len(ors))] << 4);
		break;
	case 2: /* the other width */
		if (tests)
			in->op ^= CLASS_JMP ^ CLASS_JMP32;
		else if (computes)
			in->op ^= CLASS_ALU32 ^ CLASS_ALU64;
		break;
	case 3: in->dst = (u8)(below(chance(8) ? 11 : 10)); break;
	case 4:
		if (insn_takes_reg(in) && !insn_is_call(in))
			in->src = (u8)(below(10));
		break;
	case 5: in->off += insn_is_access(in) || tests ? (i16)((chance(2) ? 1 : -1) << below(4)) : 0; break;
	case 6: *in = (struct insn){ OPCODE_JA, 0, 0, 0, 0 }; break;
	default:
		if (insn_is_access(in))
			insn_set_size(in, any_size());
	}
}

void mutate(void)
{
	u32 count = 1 + below(2);
	uses(F_mutated);
	while (count--) {
		u32 at = below(g.m->count);
		const struct insn *in = &g.m->insns[at];
		bool swaps = insn_operation(in) == ALU_END && insn_class(in) != CLASS_JMP;
		if (!insn_is_wide(in) && !insn_is_goto(in) && !swaps && !insn_is_exit(in) &&
		    !insn_is_call(in) && in->op)
			mutate_one(&g.m->insns[at]);
	}
}
