// SPDX-License-Identifier: MIT
// Of the JIT: division and remainder. div and idiv divide rdx:rax, and leave the quotient in rax, the
// remainder in rdx; R0 and R3, which live there, are saved only if somebody still reads them.
#include "vm/jit_parts_x86_64.h"

static bool is_mod(const struct op *op)
{
	return (jit_opcode(op) & 0xf0) == 0x90;
}

static bool is_signed(const struct op *op)
{
	return jit_variant(op) == 1;
}

/* What is in rax and rdx beside the result; a divisor that is in one of them is read from its copy. */
static void save(struct code *c, const struct op *op)
{
	bool has_b = jit_has_b(op);
	if ((jit_is_live(op, BPF_R0) && op->dst != BPF_R0) || (has_b && op->b == BPF_R0))
		mov_rr(c, R10, RAX);
	if ((jit_is_live(op, BPF_R3) && op->dst != BPF_R3) || (has_b && op->b == BPF_R3))
		mov_rr(c, R9, RDX);
}

static void restore(struct code *c, const struct op *op)
{
	if (jit_is_live(op, BPF_R0) && op->dst != BPF_R0)
		mov_rr(c, RAX, R10);
	if (jit_is_live(op, BPF_R3) && op->dst != BPF_R3)
		mov_rr(c, RDX, R9);
}

static enum reg divisor_of(const struct op *op)
{
	return op->b == BPF_R0 ? R10 : op->b == BPF_R3 ? R9 : jit_b(op);
}

static void emit_div_insn(struct code *c, const struct op *op, enum reg divisor)
{
	bool wide = jit_is_64(op);
	if (is_signed(op)) {
		(wide ? cqo : cdq)(c);
		(wide ? idiv_r : idiv_r32)(c, divisor);
	} else {
		jit_zero(c, RDX);
		(wide ? div_r : div_r32)(c, divisor);
	}
}

/* The quotient of a division by 0 is 0, the remainder is the dividend: these are there before it is known
 * whether there will be a division. r1 /= r2 and r1 %= r2:
 *      xor eax, eax            mov rdx, rdi
 *      test rsi, rsi           test rsi, rsi
 *      je .done                je .done
 *      mov rax, rdi            mov rax, rdi
 *      xor edx, edx            xor edx, edx
 *      div rsi                 div rsi
 * .done:                  .done:
 *      mov rdi, rax            mov rdi, rdx                                            */
static void emit_unsigned(struct code *c, const struct op *op, enum reg divisor)
{
	struct label done = LABEL;
	bool wide = jit_is_64(op);
	enum reg a = jit_a(op);

	if (is_mod(op)) {
		jit_copy(c, RDX, a, wide);
		(wide ? test_rr : test_rr32)(c, divisor, divisor);
		a = a == RAX ? RAX : RDX;
	} else if (a == RAX) { /* what is in the way becomes 0 with the divisor */
		(wide ? test_rr : test_rr32)(c, divisor, divisor);
		(wide ? cmovcc_rr : cmovcc_rr32)(c, IF_E, RAX, divisor);
	} else {
		jit_zero(c, RAX);
		(wide ? test_rr : test_rr32)(c, divisor, divisor);
	}
	jcc_short(c, IF_E, &done);
	jit_move(c, RAX, a, wide);
	emit_div_insn(c, op, divisor);
	bind(c, &done);
}

/* The CPU faults on MIN / -1, too. x / -1 = -x and x / 0 = 0 are both x times the divisor; x % -1 = 0 and
 * x % 0 = x are both x times (divisor + 1). r1 s/= r2:
 *      lea r11, [rsi+1]        ; 0 or 1: one of the two
 *      mov rax, rdi
 *      cmp r11, 1
 *      jbe .special
 *      cqo
 *      idiv rsi
 *      jmp .done
 * .special:
 *      imul rax, rsi           ; in a remainder rdx = rax * r11
 * .done:                                                                              */
static void emit_signed(struct code *c, const struct op *op, enum reg divisor)
{
	struct label special = LABEL, done = LABEL;
	bool wide = jit_is_64(op);

	(wide ? lea_rm : lea_rm32)(c, R11, at(divisor, 1));
	jit_move(c, RAX, jit_a(op), wide);
	(wide ? cmp_ri : cmp_ri32)(c, R11, 1);
	jcc_short(c, IF_BE, &special);
	emit_div_insn(c, op, divisor);
	jmp_short(c, &done);
	bind(c, &special);
	if (is_mod(op)) {
		jit_move(c, RDX, RAX, wide);
		(wide ? imul_rr : imul_rr32)(c, RDX, R11);
	} else {
		(wide ? imul_rr : imul_rr32)(c, RAX, divisor);
	}
	bind(c, &done);
}

static void emit_div_reg(struct code *c, const struct op *op)
{
	save(c, op);
	(is_signed(op) ? emit_signed : emit_unsigned)(c, op, divisor_of(op));
	jit_move(c, jit_dst(op), is_mod(op) ? RDX : RAX, true);
	restore(c, op);
}

/* dst / 0 = 0 and dst % 0 = dst, cut to 32 bits by a 32-bit operation. */
static void emit_div_by_zero(struct code *c, const struct op *op)
{
	if (is_mod(op))
		jit_copy(c, jit_dst(op), jit_a(op), jit_is_64(op));
	else
		jit_zero(c, jit_dst(op));
}

/* dst s/ -1 = -dst, and dst s% -1 = 0; the CPU faults on MIN / -1. */
static void emit_div_by_minus_one(struct code *c, const struct op *op)
{
	bool wide = jit_is_64(op);
	if (is_mod(op)) {
		jit_zero(c, jit_dst(op));
		return;
	}
	jit_move(c, jit_dst(op), jit_a(op), wide);
	(wide ? neg_r : neg_r32)(c, jit_dst(op));
}

static void emit_div_const(struct code *c, const struct op *op)
{
	bool wide = jit_is_64(op);
	save(c, op);
	mov_ri(c, R11, wide ? (i64)op->imm : (i64)(u32)op->imm);
	jit_move(c, RAX, jit_a(op), wide);
	emit_div_insn(c, op, R11);
	jit_move(c, jit_dst(op), is_mod(op) ? RDX : RAX, true);
	restore(c, op);
}

void jit_emit_div(struct jit *j, const struct op *op)
{
	if (jit_has_b(op))
		emit_div_reg(j->c, op);
	else if (op->imm == 0)
		emit_div_by_zero(j->c, op);
	else if (is_signed(op) && op->imm == -1)
		emit_div_by_minus_one(j->c, op);
	else
		emit_div_const(j->c, op);
}
