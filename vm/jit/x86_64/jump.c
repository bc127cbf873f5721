// SPDX-License-Identifier: MIT
// Of the JIT: jumps. A conditional one is a comparison and a jcc.
#include "vm/jit/x86_64/parts.h"

#define JUMP_SHORT 2 /* bytes of jmp and jcc with rel8 */
#define GOTO_LONG  5
#define JCC_LONG   6

bool jit_is_jump(const struct op *op)
{
	return op_is_branch(op) || op_is_goto(op);
}

static enum cc condition(const struct op *op)
{
	static const u8 conditions[] = {
		[JMP_EQ] = IF_E,  [JMP_GT] = IF_A,  [JMP_GE] = IF_AE,  [JMP_SET] = IF_NE,
		[JMP_NE] = IF_NE, [JMP_SGT] = IF_G, [JMP_SGE] = IF_GE, [JMP_LT] = IF_B,
		[JMP_LE] = IF_BE, [JMP_SLT] = IF_L, [JMP_SLE] = IF_LE,
	};
	return conditions[op_operation(op)];
}

static void emit_test_imm(struct code *c, enum reg a, i32 imm, bool wide)
{
	if (wide && imm < 0)
		test_ri(c, a, imm);
	else
		test_ri32(c, a, imm); /* the upper half of imm is 0 */
}

static void emit_comparison(struct code *c, const struct op *op)
{
	bool wide = jit_is_64(op), is_set = op_operation(op) == JMP_SET;
	enum reg a = jit_a(op);
	if (jit_has_b(op))
		(is_set ? (wide ? test_rr : test_rr32) : (wide ? cmp_rr : cmp_rr32))(c, a, jit_b(op));
	else if (is_set)
		emit_test_imm(c, a, op->imm, wide);
	else if (op->imm == 0) /* the same flags, two bytes less */
		(wide ? test_rr : test_rr32)(c, a, a);
	else
		(wide ? cmp_ri : cmp_ri32)(c, a, op->imm);
}

static u32 jump_target(const struct jit *j, u32 idx)
{
	u32 target = op_target(&j->ops[idx], idx);
	return target == j->f.start ? j->body : j->at[target];
}

u32 jit_jump_saving(const struct op *op)
{
	return (op_is_goto(op) ? GOTO_LONG : JCC_LONG) - JUMP_SHORT;
}

void jit_emit_jump(struct jit *j, const struct op *op, u32 idx)
{
	struct code *c = j->c;
	bool is_short = j->marks[idx] & MARK_SHORT, is_goto = op_is_goto(op);
	u32 long_len = is_goto ? GOTO_LONG : JCC_LONG;

	if (!is_goto)
		emit_comparison(c, op);
	i32 rel = (i32)(jump_target(j, idx) - (jit_here(j) + (is_short ? JUMP_SHORT : long_len)));
	if (is_goto && is_short)
		jmp8(c, (i8)rel);
	else if (is_goto)
		jmp_rel(c, rel);
	else if (is_short)
		jcc8(c, condition(op), (i8)rel);
	else
		jcc_rel(c, condition(op), rel);
}
