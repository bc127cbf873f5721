// SPDX-License-Identifier: MIT
// Of the JIT: jumps and selects, and what they need to know: the CPU's flags. A comparison is left out if the
// op before, or the jump before, has set them.
#include "vm/jit_parts_x86_64.h"

#define JUMP_SHORT 2 /* bytes of jmp and jcc with rel8 */
#define GOTO_LONG  5
#define JCC_LONG   6

static bool is_jump_class(const struct op *op)
{
	u32 class = op_class(op), code = opcode_of(op) >> 4;
	return (class == CLASS_JMP || class == CLASS_JMP32) && code != 0x8 && code != 0x9;
}

bool jit_is_jump(const struct op *op)
{
	return is_jump_class(op) && !(op->flags & (OP_SELECT | OP_SET));
}

/* By bits 4 to 7 of the opcode. */
static enum cc condition(const struct op *op)
{
	static const u8 by_code[16] = {
		[0x1] = IF_E,  [0x2] = IF_A, [0x3] = IF_AE, [0x4] = IF_NE, [0x5] = IF_NE, [0x6] = IF_G,
		[0x7] = IF_GE, [0xa] = IF_B, [0xb] = IF_BE, [0xc] = IF_L,  [0xd] = IF_LE,
	};
	return by_code[opcode_of(op) >> 4];
}

/* The opposite has one bit more or less. */
static enum cc opposite(enum cc k)
{
	return k ^ 1;
}

static void emit_test_imm(struct code *c, enum reg a, i32 imm, bool wide)
{
	if (wide && imm < 0)
		test_ri(c, a, imm);
	else
		test_ri32(c, a, imm); /* the upper half of imm is 0 */
}

/* Whether a conditional jump compares with 0. */
static bool is_against_zero(const struct op *op)
{
	return is_jump_class(op) && !jit_has_b(op) && op->imm == 0 && (opcode_of(op) & 0xf0) != 0x40 &&
	       !op_is_goto(op);
}

static bool is_equality(const struct op *op)
{
	return (opcode_of(op) & 0xf0) == 0x10 || (opcode_of(op) & 0xf0) == 0x50;
}

/* Flags of 64 bits say nothing of the low half; flags of 32, of a value with a zero upper half, tell whether
 * all of it is 0, but not its sign. */
static bool fits_width(const struct op *jump, bool wide)
{
	return wide == jit_is_64(jump) || (!wide && is_equality(jump));
}

bool jit_keeps_flags(const struct op *op)
{
	u32 class = op_class(op);
	bool is_alu = class == CLASS_ALU32 || class == CLASS_ALU64;
	if (is_alu && (opcode_of(op) & 0xf0) == 0xb0)
		return jit_has_b(op) || op->imm != 0; /* 0 is an xor */
	return class == CLASS_LDX || class == CLASS_ST || op->kind == INSN_STX8 || op->kind == INSN_STX16 ||
	       op->kind == INSN_STX32 || op->kind == INSN_STX64;
}

bool jit_flags_tell_of(const struct jit_flags *f, u32 regs)
{
	u32 of = f->what == FLAGS_COMPARED ? op_reads(f->by) : 1u << f->reg;
	return f->what != FLAGS_LOST && of & regs;
}

/* The op that a select does or leaves. */
static const struct op *select_op(const struct op *op)
{
	while (!(op->flags & OP_WHEN))
		op++;
	return op;
}

/* The jump, select or truth value behind the op that compares the op's result with a constant, if nobody else
 * wants the result and the flags get there; NULL if it is not so. */
static const struct op *only_reader(const struct jit *j, const struct op *op)
{
	u32 next = j->idx + 1;
	while (next < j->p->insn_count && j->ops[next].kind == OP_GONE && !(j->marks[next] & MARK_TARGET))
		next++;
	if (!op_trick(TRICK_FLAGS) || next >= j->p->insn_count || j->marks[next] & (MARK_TARGET | MARK_START))
		return NULL;
	const struct op *jump = &j->ops[next];
	if (!is_jump_class(jump) || op_is_goto(jump) || jit_has_b(jump) || jump->a != op->dst)
		return NULL;
	if (jit_is_live(jump, op->dst) && op_writes(jump) != 1u << op->dst)
		return NULL;
	return jump->flags & OP_SELECT && !jit_keeps_flags(select_op(jump)) ? NULL : jump;
}

bool jit_wants_flags_only(const struct jit *j, const struct op *op, bool wide)
{
	const struct op *jump = only_reader(j, op);
	return jump && is_against_zero(jump) && is_equality(jump) && fits_width(jump, wide);
}

/* Signs and single bits are others in a byte. */
static bool is_of_numbers(const struct op *jump)
{
	switch (opcode_of(jump) >> 4) {
	case 0x1:
	case 0x2:
	case 0x3:
	case 0x5:
	case 0xa:
	case 0xb: return true;
	default: return false;
	}
}

bool jit_emit_byte_compare(struct jit *j, const struct op *op)
{
	const struct op *jump = only_reader(j, op);
	if (!jump || !is_of_numbers(jump) || jump->imm != (u8)jump->imm)
		return false;
	cmp_ri8(j->c, jit_a(op), jump->imm);
	j->flags = (struct jit_flags){ .what = FLAGS_COMPARED, .by = jump };
	return true;
}

/* The condition on flags that tell of the value that is compared with 0; -1 if they do not tell it. */
static i32 condition_on_result(const struct jit_flags *f, const struct op *op)
{
	enum cc k = condition(op);
	if (!is_against_zero(op) || f->reg != op->a || !fits_width(op, f->wide))
		return -1;
	if (f->what == FLAGS_LOGIC)
		return (i32)k;
	switch (k) {
	case IF_E:
	case IF_NE: return (i32)k;
	case IF_L: return IF_S;
	case IF_GE: return IF_NS;
	default: return -1;
	}
}

/* Whether two jumps compare the same, whatever they want to know. */
static bool is_same_comparison(const struct op *x, const struct op *y)
{
	bool x_set = (opcode_of(x) & 0xf0) == 0x40, y_set = (opcode_of(y) & 0xf0) == 0x40;
	return x->a == y->a && x->b == y->b && x->imm == y->imm && x_set == y_set &&
	       jit_is_64(x) == jit_is_64(y);
}

static void emit_comparison(struct code *c, const struct op *op)
{
	bool wide = jit_is_64(op), is_set = (opcode_of(op) & 0xf0) == 0x40;
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

/* The condition, if the flags `was` say already what the jump wants to know; else -1.
 *      r1 += -1                add rdi, -1
 *      if r1 != 0 goto         jne
 *      if r1 > 5 goto          cmp rdi, 5; ja
 *      if r1 == 5 goto         je                                                      */
static i32 known_condition(const struct jit_flags *was, const struct op *op)
{
	if (!op_trick(TRICK_FLAGS) || was->what == FLAGS_LOST)
		return -1;
	if (was->what == FLAGS_COMPARED)
		return is_same_comparison(was->by, op) ? (i32)condition(op) : -1;
	return condition_on_result(was, op);
}

/* Sets the flags, if they are not known; gives the condition. */
static enum cc emit_compare(struct jit *j, const struct op *op, const struct jit_flags *was)
{
	i32 known = known_condition(was, op);
	if (known >= 0) {
		j->flags = *was;
		return (enum cc)known;
	}
	emit_comparison(j->c, op);
	j->flags = (struct jit_flags){ .what = FLAGS_COMPARED, .by = op };
	return condition(op);
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

void jit_emit_jump(struct jit *j, const struct op *op, u32 idx, const struct jit_flags *was)
{
	struct code *c = j->c;
	bool is_short = j->marks[idx] & MARK_SHORT, is_goto = op_is_goto(op);
	u32 long_len = is_goto ? GOTO_LONG : JCC_LONG;
	enum cc k = is_goto ? IF_E : emit_compare(j, op, was);

	i32 rel = (i32)(jump_target(j, idx) - (jit_here(j) + (is_short ? JUMP_SHORT : long_len)));
	if (is_goto && is_short)
		jmp8(c, (i8)rel);
	else if (is_goto)
		jmp_rel(c, rel);
	else if (is_short)
		jcc8(c, k, (i8)rel);
	else
		jcc_rel(c, k, rel);
}

/* Instead of a jump over one op. The op's result is made ready first, for it may change the flags:
 *      lea r9, [rdi+1]
 *      cmp rsi, rdx
 *      cmovne rdi, r9                                                                  */
void jit_emit_select(struct jit *j, const struct op *op, struct jit_flags was)
{
	const struct op *when = select_op(op);
	struct op ready = *when;
	enum reg from = jit_regs[JIT_TEMP];
	ready.dst = JIT_TEMP;
	ready.live |= op_reads(op);
	if (when->kind == INSN_MOV64_X) {
		from = jit_b(when);
	} else {
		jit_emit_alu(j, &ready);
		if (!jit_keeps_flags(&ready))
			was.what = FLAGS_LOST;
	}
	enum cc k = emit_compare(j, op, &was);
	cmovcc_rr(j->c, opposite(k), jit_dst(when), from);
	if (jit_flags_tell_of(&j->flags, op_writes(when)))
		j->flags.what = FLAGS_LOST;
}

/* A truth value instead of a jump:
 *      xor edx, edx            ; or mov, if the flags are needed
 *      cmp rdi, 9
 *      sete dl
 * If dst is compared, by way of r11. */
void jit_emit_set(struct jit *j, const struct op *op, const struct jit_flags *was)
{
	bool is_free = !(op_reads(op) & 1u << op->dst);
	enum reg d = is_free ? jit_dst(op) : R11;
	if (is_free && known_condition(was, op) < 0)
		jit_zero(j->c, d);
	else if (is_free)
		mov_ri32(j->c, d, 0);
	enum cc k = emit_compare(j, op, was);
	setcc_r(j->c, k, d);
	if (!is_free)
		movzx_rr8(j->c, jit_dst(op), d);
	if (jit_flags_tell_of(&j->flags, op_writes(op)))
		j->flags.what = FLAGS_LOST;
}
