// SPDX-License-Identifier: MIT
// Of the JIT: division and remainder.
#include "vm/jit_parts_x86_64.h"

static bool is_mod(const struct insn *in)
{
	return (in->op & 0xf0) == 0x90;
}

/* dst / 0 = 0 and dst % 0 = dst, cut to 32 bits by a 32-bit operation. */
static void emit_div_by_zero(struct code *c, const struct insn *in)
{
	if (is_mod(in))
		jit_copy(c, jit_dst(in), jit_dst(in), jit_is_64(in));
	else
		jit_zero(c, jit_dst(in));
}

/* dst s/ -1 = -dst, and dst s% -1 = 0; the CPU faults on MIN / -1. */
static void emit_div_by_minus_one(struct code *c, const struct insn *in)
{
	if (is_mod(in))
		jit_zero(c, jit_dst(in));
	else
		(jit_is_64(in) ? neg_r : neg_r32)(c, jit_dst(in));
}

/* Divisor in r11, neither 0 nor, if signed, -1. rax and rdx are what div works on; whichever of them
 * is not the destination is put back.
 *      mov r10, rax
 *      mov r9, rdx
 *      mov rax, dst
 *      xor edx, edx
 *      div r11
 *      mov dst, rax
 *      mov rax, r10
 *      mov rdx, r9                                                                     */
static void emit_div_core(struct code *c, const struct insn *in)
{
	bool wide = jit_is_64(in), is_signed = in->off == 1;
	enum reg d = jit_dst(in), result = is_mod(in) ? RDX : RAX;

	if (d != RAX)
		mov_rr(c, R10, RAX);
	if (d != RDX)
		mov_rr(c, R9, RDX);
	if (d != RAX)
		jit_copy(c, RAX, d, wide);
	if (is_signed) {
		(wide ? cqo : cdq)(c);
		(wide ? idiv_r : idiv_r32)(c, R11);
	} else {
		jit_zero(c, RDX);
		(wide ? div_r : div_r32)(c, R11);
	}
	if (d != result)
		mov_rr(c, d, result);
	if (d != RAX)
		mov_rr(c, RAX, R10);
	if (d != RDX)
		mov_rr(c, RDX, R9);
}

static void emit_div_imm(struct code *c, const struct insn *in)
{
	if (in->imm == 0) {
		emit_div_by_zero(c, in);
	} else if (in->off == 1 && in->imm == -1) {
		emit_div_by_minus_one(c, in);
	} else {
		mov_ri(c, R11, jit_is_64(in) ? (i64)in->imm : (i64)(u32)in->imm);
		emit_div_core(c, in);
	}
}

static void emit_div_reg(struct code *c, const struct insn *in)
{
	struct label by_zero = LABEL, by_minus_one = LABEL, done = LABEL;
	bool wide = jit_is_64(in), is_signed = in->off == 1;

	jit_copy(c, R11, jit_src(in), wide);
	(wide ? test_rr : test_rr32)(c, R11, R11);
	jcc_short(c, IF_E, &by_zero);
	if (is_signed) {
		(wide ? cmp_ri : cmp_ri32)(c, R11, -1);
		jcc_short(c, IF_E, &by_minus_one);
	}
	emit_div_core(c, in);
	jmp_short(c, &done);
	if (is_signed) {
		bind(c, &by_minus_one);
		emit_div_by_minus_one(c, in);
		jmp_short(c, &done);
	}
	bind(c, &by_zero);
	emit_div_by_zero(c, in);
	bind(c, &done);
}

void jit_emit_div(struct code *c, const struct insn *in)
{
	if (jit_has_src(in))
		emit_div_reg(c, in);
	else
		emit_div_imm(c, in);
}
