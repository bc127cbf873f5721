// SPDX-License-Identifier: MIT
// Of the JIT: division and remainder. div and idiv divide rdx:rax; they leave the quotient in rax and the
// remainder in rdx. rax and rdx also hold R0 and R3; these are saved only if an op still reads them.
#include "vm/jit/x86_64/parts.h"
#include "vm/jit/reciprocal.h"

static bool is_mod(const struct op *op)
{
	return op_operation(op) == ALU_MOD;
}

static bool is_signed(const struct op *op)
{
	return jit_variant(op) == 1;
}

/* Saves rax and rdx if an op still reads R0 and R3. A divisor in one of them is read from its copy. */
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

/* The quotient of a division by 0 is 0, and the remainder is the dividend. The code puts these in place
 * first, and then skips the division if the divisor is 0. r1 /= r2 and r1 %= r2:
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
	} else if (a == RAX) { /* rax holds the dividend: make it 0 if the divisor is 0 */
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

/* A division by a constant: `quotient` gets abs(dividend) / by. */
struct by_const {
	const struct op *op;
	u64 by; /* abs(imm) */
	bool wide, is_signed;
	enum reg dividend, quotient;
	struct reciprocal r;
};

static bool is_power_of_two(u64 n)
{
	return (n & (n - 1)) == 0;
}

/* r = r < 0 ? -r : r, by the sign of s:
 *      mov r11, s
 *      sar r11, 63             ; 0 or -1
 *      xor r, r11
 *      sub r, r11                                                                      */
static void emit_sign(struct code *c, enum reg r, enum reg s, bool wide)
{
	jit_move(c, R11, s, wide);
	(wide ? sar_ri : sar_ri32)(c, R11, wide ? 63 : 31);
	(wide ? xor_rr : xor_rr32)(c, r, R11);
	(wide ? sub_rr : sub_rr32)(c, r, R11);
}

/* r = abs(dividend), cut to 32 bits if not wide. */
static void emit_dividend(struct code *c, const struct by_const *k, enum reg r)
{
	jit_copy(c, r, k->dividend, k->wide);
	if (k->is_signed)
		emit_sign(c, r, k->dividend, k->wide);
}

/* At 32 bits the product fits a register. r1 / 10; and r1 / 7, where reciprocal.plus is set:
 *      mov r10d, edi           mov r10d, edi
 *      mov r11d, 0xcccccccd    inc r10
 *      imul r10, r11           mov r11d, 0x92492492
 *      shr r10, 35             imul r10, r11
 *                              shr r10, 34                                             */
static void emit_quotient32(struct code *c, const struct by_const *k)
{
	const struct reciprocal *r = &k->r;
	emit_dividend(c, k, R10);
	if (r->before)
		shr_ri32(c, R10, r->before);
	if (r->plus)
		inc_r(c, R10);
	mov_ri(c, R11, (i64)r->factor);
	imul_rr(c, R10, R11);
	shr_ri(c, R10, (u8)(32 + r->after));
}

/* At 64 bits only the upper half of the product counts. r1 / 10; and r1 / 7, where reciprocal.plus is set.
 * Without BMI2, mul takes the place of mulx, and rax that of rdx:
 *      mov rdx, rdi            mov rdx, rdi
 *      mov r11, 0xcc...cd      mov r11, 0x92...92
 *      mulx r10, rdx, r11      mulx r10, rdx, r11
 *      shr r10, 3              add rdx, r11
 *                              adc r10, 0
 *                              shr r10, 2                                              */
static void emit_quotient64(struct code *c, const struct by_const *k)
{
	const struct reciprocal *r = &k->r;
	bool x = jit_use_bmi2();
	enum reg low = x ? RDX : RAX, high = k->quotient;
	emit_dividend(c, k, low);
	if (r->before)
		shr_ri(c, low, r->before);
	mov_ri(c, R11, (i64)r->factor);
	if (x)
		mulx_rrr(c, high, low, R11);
	else
		mul_r(c, R11);
	if (r->plus) {
		add_rr(c, low, R11);
		adc_ri(c, high, 0);
	}
	if (r->after)
		shr_ri(c, high, r->after);
}

static void emit_quotient_of_power(struct code *c, const struct by_const *k)
{
	u32 log = (u32)__builtin_ctzll(k->by);
	emit_dividend(c, k, k->quotient);
	if (log)
		(k->wide ? shr_ri : shr_ri32)(c, k->quotient, (u8)log);
}

/* From the quotient of absolute values to the result. The quotient gets its sign. The remainder is the
 * dividend minus the quotient times the divisor. */
static void emit_result(struct code *c, const struct by_const *k)
{
	enum reg d = jit_dst(k->op), q = k->quotient;
	if (k->is_signed)
		emit_sign(c, q, k->dividend, k->wide);
	if (k->is_signed && k->op->imm < 0)
		(k->wide ? neg_r : neg_r32)(c, q);
	if (!is_mod(k->op)) {
		jit_move(c, d, q, true);
		return;
	}
	jit_emit_times(c, R11, q, k->op->imm, k->wide);
	jit_move(c, d, k->dividend, k->wide);
	(k->wide ? sub_rr : sub_rr32)(c, d, R11);
}

/* The product needs rdx, and without BMI2 rax. So these are saved as in save(). */
static void emit_by_product64(struct code *c, struct by_const *k)
{
	const struct op *op = k->op;
	bool keep = is_mod(op) || k->is_signed, x = jit_use_bmi2();
	bool keeps_rdx = jit_is_live(op, BPF_R3) && op->dst != BPF_R3;
	bool keeps_rax = !x && jit_is_live(op, BPF_R0) && op->dst != BPF_R0;

	if (keeps_rdx || (keep && op->a == BPF_R3))
		mov_rr(c, R9, RDX);
	if (keeps_rax || (keep && !x && op->a == BPF_R0))
		mov_rr(c, R10, RAX);
	if (keep && op->a == BPF_R3)
		k->dividend = R9;
	else if (keep && !x && op->a == BPF_R0)
		k->dividend = R10;
	k->quotient = x ? R10 : RDX;
	k->r = reciprocal_of(k->by, 64);
	emit_quotient64(c, k);
	emit_result(c, k);
	if (keeps_rax)
		mov_rr(c, RAX, R10);
	if (keeps_rdx)
		mov_rr(c, RDX, R9);
}

/* Unsigned: r1 / 8 is `shr rdi, 3`; r1 % 8 is `and edi, 7`. */
static void emit_by_power(struct code *c, const struct by_const *k)
{
	u32 log = (u32)__builtin_ctzll(k->by);
	enum reg d = jit_dst(k->op);
	if (is_mod(k->op)) {
		jit_move(c, d, k->dividend, false);
		and_ri32(c, d, (i64)k->by - 1);
	} else {
		jit_copy(c, d, k->dividend, k->wide);
		if (log)
			(k->wide ? shr_ri : shr_ri32)(c, d, (u8)log);
	}
}

static void emit_by_const(struct code *c, const struct op *op)
{
	bool wide = jit_is_64(op);
	u64 imm = wide ? (u64)op->imm : (u32)op->imm;
	struct by_const k = { .op = op, .by = imm, .wide = wide, .is_signed = is_signed(op) };
	k.dividend = jit_a(op);
	k.quotient = R10;
	if (k.is_signed && op->imm < 0)
		k.by = -(u64)op->imm;
	if (is_power_of_two(k.by) && !k.is_signed) {
		emit_by_power(c, &k);
	} else if (is_power_of_two(k.by)) {
		emit_quotient_of_power(c, &k);
		emit_result(c, &k);
	} else if (wide) {
		emit_by_product64(c, &k);
	} else {
		k.r = reciprocal_of(k.by, 32);
		emit_quotient32(c, &k);
		emit_result(c, &k);
	}
}

/* The code without TRICK_DIV_CONST. */
static void emit_div_by_imm(struct code *c, const struct op *op)
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
	else if (op_trick(TRICK_DIV_CONST))
		emit_by_const(j->c, op);
	else
		emit_div_by_imm(j->c, op);
}
