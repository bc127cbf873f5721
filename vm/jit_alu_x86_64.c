// SPDX-License-Identifier: MIT
// Of the JIT: arithmetic except division, shifts, moves and byte swaps.
#include "vm/jit_parts_x86_64.h"

typedef void emit_rc(struct code *c, enum reg r);
typedef void emit_rs(struct code *c, enum reg r, u8 count);

struct shift_row {
	emit_rc *rc, *rc32;
	emit_rs *ri, *ri32;
};

/* clang-format off */
/* By bits 4 to 7 of the opcode. */
#define ROW(name) { name##_rr, name##_rr32, name##_ri, name##_ri32 }
const struct alu_row jit_alu_rows[16] = {
	[0x0] = ROW(add), [0x1] = ROW(sub), [0x4] = ROW(or), [0x5] = ROW(and), [0xa] = ROW(xor),
};
#undef ROW
#define ROW(name) { name##_rc, name##_rc32, name##_ri, name##_ri32 }
static const struct shift_row shift_rows[16] = {
	[0x6] = ROW(shl), [0x7] = ROW(shr), [0xc] = ROW(sar),
};
#undef ROW
/* clang-format on */

static void emit_simple_alu(struct code *c, const struct insn *in)
{
	const struct alu_row *row = &jit_alu_rows[in->op >> 4];
	if (jit_has_src(in))
		(jit_is_64(in) ? row->rr : row->rr32)(c, jit_dst(in), jit_src(in));
	else
		(jit_is_64(in) ? row->ri : row->ri32)(c, jit_dst(in), in->imm);
}

static void emit_mul(struct code *c, const struct insn *in)
{
	if (jit_has_src(in))
		(jit_is_64(in) ? imul_rr : imul_rr32)(c, jit_dst(in), jit_src(in));
	else
		(jit_is_64(in) ? imul_rri : imul_rri32)(c, jit_dst(in), jit_dst(in), in->imm);
}

static void emit_mov(struct code *c, const struct insn *in)
{
	enum reg d = jit_dst(in);
	if (!jit_has_src(in)) {
		jit_load_imm(c, d, jit_is_64(in) ? (i64)in->imm : (i64)(u32)in->imm);
		return;
	}
	switch (in->off) {
	case 0: jit_copy(c, d, jit_src(in), jit_is_64(in)); break;
	case 8: (jit_is_64(in) ? movsx_rr8 : movsx_rr8_32)(c, d, jit_src(in)); break;
	case 16: (jit_is_64(in) ? movsx_rr16 : movsx_rr16_32)(c, d, jit_src(in)); break;
	case 32: movsxd_rr(c, d, jit_src(in)); break;
	}
}

static void emit_shift_imm(struct code *c, const struct insn *in)
{
	const struct shift_row *row = &shift_rows[in->op >> 4];
	u8 count = in->imm & (jit_is_64(in) ? 63 : 31);
	if (count == 0)
		jit_copy(c, jit_dst(in), jit_dst(in), jit_is_64(in));
	else
		(jit_is_64(in) ? row->ri : row->ri32)(c, jit_dst(in), count);
}

/* The CPU masks the count as RFC 9669 does, but wants it in cl:
 *      mov r11, rcx            ; R4 lives in rcx
 *      mov ecx, src
 *      shl dst, cl             ; r11 if dst is R4
 *      mov rcx, r11                                                                   */
static void emit_shift_reg(struct code *c, const struct insn *in)
{
	const struct shift_row *row = &shift_rows[in->op >> 4];
	emit_rc *shift = jit_is_64(in) ? row->rc : row->rc32;
	if (jit_src(in) == RCX) {
		shift(c, jit_dst(in));
		return;
	}
	mov_rr(c, R11, RCX);
	mov_rr32(c, RCX, jit_src(in));
	shift(c, jit_dst(in) == RCX ? R11 : jit_dst(in));
	mov_rr(c, RCX, R11);
}

static void emit_shift(struct code *c, const struct insn *in)
{
	if (jit_has_src(in))
		emit_shift_reg(c, in);
	else
		emit_shift_imm(c, in);
}

/* To little endian only cuts; to big endian, and the unconditional swap, turn the bytes round. */
static void emit_end(struct code *c, const struct insn *in)
{
	enum reg d = jit_dst(in);
	bool swap = in->op != 0xd4;
	if (in->imm == 16) {
		if (swap)
			rol_ri16(c, d, 8);
		movzx_rr16(c, d, d);
	} else if (swap) {
		(in->imm == 64 ? bswap_r : bswap_r32)(c, d);
	} else {
		jit_copy(c, d, d, in->imm == 64);
	}
}

void jit_emit_alu(struct code *c, const struct insn *in)
{
	switch (in->op >> 4) {
	case 0x2: emit_mul(c, in); break;
	case 0x3:
	case 0x9: jit_emit_div(c, in); break;
	case 0x6:
	case 0x7:
	case 0xc: emit_shift(c, in); break;
	case 0x8: (jit_is_64(in) ? neg_r : neg_r32)(c, jit_dst(in)); break;
	case 0xb: emit_mov(c, in); break;
	case 0xd: emit_end(c, in); break;
	default: emit_simple_alu(c, in); break;
	}
}
