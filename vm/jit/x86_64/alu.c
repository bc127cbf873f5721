// SPDX-License-Identifier: MIT
// Of the JIT: moves, byte swaps, and arithmetic except division and products with constants. An op has three
// operands; most instructions of the CPU have two. So a copy comes first where no other way is shorter.
#include "vm/jit/x86_64/parts.h"

typedef void emit_rc(struct code *c, enum reg r);
typedef void emit_rs(struct code *c, enum reg r, u8 count);
typedef void emit_rrr(struct code *c, enum reg d, enum reg s, enum reg count);

struct shift_row {
	emit_rc *rc, *rc32;
	emit_rs *ri, *ri32;
	emit_rrr *rrr, *rrr32;
};

/* clang-format off */
#define ROW(name) { name##_rc, name##_rc32, name##_ri, name##_ri32, name##x_rrr, name##x_rrr32 }
static const struct shift_row shift_rows[] = {
	[ALU_LSH] = ROW(shl), [ALU_RSH] = ROW(shr), [ALU_ARSH] = ROW(sar),
};
#undef ROW
/* clang-format on */

/* d = m's address, cut to 32 bits if not wide. */
static void emit_lea_of(struct code *c, enum reg d, struct mem m, bool wide)
{
	(wide ? lea_rm : lea_rm32)(c, d, m);
}

/*      r1 += r2                add rdi, rsi
 *      r1 = r2 + r3            lea rdi, [rsi+rdx]                                      */
static void emit_add_reg(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	enum reg d = jit_dst(op), a = jit_a(op), b = jit_b(op);
	bool wide = jit_is_64(op);
	if (d != a && d != b) {
		emit_lea_of(c, d, at_index(a, b, 1, 0), wide);
		return;
	}
	(wide ? add_rr : add_rr32)(c, d, d == a ? b : a);
}

/*      r1 = r2 - r1            neg rdi
 *                              add rdi, rsi                                            */
static void emit_sub_from(struct code *c, enum reg d, enum reg a, bool wide)
{
	(wide ? neg_r : neg_r32)(c, d);
	(wide ? add_rr : add_rr32)(c, d, a);
}

static void emit_simple_reg(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	const struct alu_row *row = &jit_alu_rows[op_operation(op)];
	enum reg d = jit_dst(op), a = jit_a(op), b = jit_b(op);
	bool wide = jit_is_64(op);
	if (d == b && d != a && op_operation(op) == ALU_SUB) {
		emit_sub_from(c, d, a, wide);
		return;
	}
	if (d == b) { /* the order does not matter */
		b = a;
		a = d;
	}
	jit_move(c, d, a, wide);
	(wide ? row->rr : row->rr32)(c, d, b);
}

/* r1 = r2 + imm: lea rdi, [rsi+imm] */
static void emit_add_imm(struct jit *j, const struct op *op, i32 imm)
{
	enum reg d = jit_dst(op), a = jit_a(op);
	bool wide = jit_is_64(op);
	if (d != a) {
		emit_lea_of(j->c, d, at(a, imm), wide);
		return;
	}
	(wide ? add_ri : add_ri32)(j->c, d, imm);
}

/* A mask of the lowest one or two bytes is a zero extension. A mask that clears the upper half is shorter
 * at 32 bits. */
static void emit_and_imm(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	enum reg d = jit_dst(op), a = jit_a(op);
	bool wide = jit_is_64(op) && op->imm < 0;
	if (op->imm == 0xff) {
		movzx_rr8(c, d, a);
	} else if (op->imm == 0xffff) {
		movzx_rr16(c, d, a);
	} else {
		jit_move(c, d, a, wide);
		(wide ? and_ri : and_ri32)(c, d, op->imm);
	}
}

static void emit_simple_imm(struct jit *j, const struct op *op)
{
	const struct alu_row *row = &jit_alu_rows[op_operation(op)];
	bool wide = jit_is_64(op);
	jit_move(j->c, jit_dst(op), jit_a(op), wide);
	if (op_operation(op) == ALU_XOR && op->imm == -1) {
		(wide ? not_r : not_r32)(j->c, jit_dst(op));
		return;
	}
	(wide ? row->ri : row->ri32)(j->c, jit_dst(op), op->imm);
}

static void emit_simple(struct jit *j, const struct op *op)
{
	u32 operation = op_operation(op);
	if (jit_has_b(op) && operation == ALU_ADD)
		emit_add_reg(j, op);
	else if (jit_has_b(op))
		emit_simple_reg(j, op);
	else if (operation == ALU_ADD)
		emit_add_imm(j, op, op->imm);
	else if (operation == ALU_SUB && op->imm != (i32)0x80000000)
		emit_add_imm(j, op, -op->imm);
	else if (operation == ALU_AND)
		emit_and_imm(j, op);
	else
		emit_simple_imm(j, op);
}

static void emit_mul_reg(struct code *c, const struct op *op)
{
	enum reg d = jit_dst(op), a = jit_a(op), b = jit_b(op);
	bool wide = jit_is_64(op);
	if (d == b) {
		b = a;
		a = d;
	}
	jit_move(c, d, a, wide);
	(wide ? imul_rr : imul_rr32)(c, d, b);
}

static void emit_mul(struct code *c, const struct op *op)
{
	if (jit_has_b(op))
		emit_mul_reg(c, op);
	else
		jit_emit_times(c, jit_dst(op), jit_a(op), op->imm, jit_is_64(op));
}

static void emit_mov(struct code *c, const struct op *op)
{
	enum reg d = jit_dst(op);
	bool wide = jit_is_64(op);
	if (!jit_has_b(op)) {
		jit_load_imm(c, d, wide ? (i64)op->imm : (i64)(u32)op->imm);
		return;
	}
	switch (jit_variant(op)) {
	case 0: jit_copy(c, d, jit_b(op), wide); break;
	case 8: (wide ? movsx_rr8 : movsx_rr8_32)(c, d, jit_b(op)); break;
	case 16: (wide ? movsx_rr16 : movsx_rr16_32)(c, d, jit_b(op)); break;
	case 32: movsxd_rr(c, d, jit_b(op)); break;
	}
}

static void emit_shift_imm(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	const struct shift_row *row = &shift_rows[op_operation(op)];
	enum reg d = jit_dst(op), a = jit_a(op);
	bool wide = jit_is_64(op);
	u8 count = op->imm & (wide ? 63 : 31);
	if (count == 0) {
		jit_copy(c, d, a, wide);
	} else if (count == 1 && op_operation(op) == ALU_LSH && d != a) {
		emit_lea_of(c, d, at_index(a, a, 1, 0), wide);
	} else {
		jit_move(c, d, a, wide);
		(wide ? row->ri : row->ri32)(c, d, count);
	}
}

/* The CPU masks the count as RFC 9669 says, but takes it from cl, and rcx holds R4. r1 <<= r2:
 *      mov r11, rcx            ; if R4 is still needed
 *      mov ecx, esi
 *      shl rdi, cl             ; r10 in place of rdi if dst is R4 or holds the count
 *      mov rcx, r11                                                                   */
static void emit_shift_reg(struct code *c, const struct op *op)
{
	const struct shift_row *row = &shift_rows[op_operation(op)];
	enum reg d = jit_dst(op), a = jit_a(op), b = jit_b(op);
	bool wide = jit_is_64(op), keep = b != RCX && d != RCX && jit_is_live(op, BPF_R4);
	enum reg work = d == RCX || (d == b && d != a) ? R10 : d;

	jit_move(c, work, a, wide);
	if (keep)
		mov_rr(c, R11, RCX);
	if (b != RCX)
		mov_rr32(c, RCX, b);
	(wide ? row->rc : row->rc32)(c, work);
	jit_move(c, d, work, true);
	if (keep)
		mov_rr(c, RCX, R11);
}

/* With BMI2, r1 = r2 << r3: shlx rdi, rsi, rdx */
static void emit_shiftx(struct code *c, const struct op *op)
{
	const struct shift_row *row = &shift_rows[op_operation(op)];
	(jit_is_64(op) ? row->rrr : row->rrr32)(c, jit_dst(op), jit_a(op), jit_b(op));
}

static void emit_shift(struct jit *j, const struct op *op)
{
	if (jit_has_b(op) && jit_use_bmi2())
		emit_shiftx(j->c, op);
	else if (jit_has_b(op))
		emit_shift_reg(j->c, op);
	else
		emit_shift_imm(j, op);
}

static void emit_neg(struct jit *j, const struct op *op)
{
	jit_move(j->c, jit_dst(op), jit_a(op), jit_is_64(op));
	(jit_is_64(op) ? neg_r : neg_r32)(j->c, jit_dst(op));
}

/* "To little endian" only cuts the value. "To big endian" and the unconditional swap reverse its bytes. */
static void emit_end(struct code *c, const struct op *op)
{
	enum reg d = jit_dst(op), a = jit_a(op);
	i32 bits = jit_variant(op);
	bool swap = opcode_of(op) != OPCODE_LE16;
	if (!swap && bits == 16) {
		movzx_rr16(c, d, a);
	} else if (!swap) {
		jit_copy(c, d, a, bits == 64);
	} else if (bits == 16) {
		jit_move(c, d, a, false);
		rol_ri16(c, d, 8);
		movzx_rr16(c, d, d);
	} else {
		jit_move(c, d, a, bits == 64);
		(bits == 64 ? bswap_r : bswap_r32)(c, d);
	}
}

/*      r1 = rol(r2, 13)        rorx rdi, rsi, 51                                       */
static void emit_rol(struct code *c, const struct op *op, bool wide)
{
	if (jit_dst(op) != jit_a(op) && jit_use_bmi2()) {
		(wide ? rorx_rri : rorx_rri32)(c, jit_dst(op), jit_a(op), (u8)((wide ? 64 : 32) - op->imm));
		return;
	}
	jit_move(c, jit_dst(op), jit_a(op), wide);
	(wide ? rol_ri : rol_ri32)(c, jit_dst(op), (u8)op->imm);
}

static void emit_instruction(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	switch (op_operation(op)) {
	case ALU_MUL: emit_mul(c, op); break;
	case ALU_DIV:
	case ALU_MOD: jit_emit_div(j, op); break;
	case ALU_LSH:
	case ALU_RSH:
	case ALU_ARSH: emit_shift(j, op); break;
	case ALU_NEG: emit_neg(j, op); break;
	case ALU_MOV: emit_mov(c, op); break;
	case ALU_END: emit_end(c, op); break;
	default: emit_simple(j, op); break;
	}
}

void jit_emit_alu(struct jit *j, const struct op *op)
{
	switch (op->kind) {
	case OP_ROL64: emit_rol(j->c, op, true); break;
	case OP_ROL32: emit_rol(j->c, op, false); break;
	default: emit_instruction(j, op); break;
	}
}
