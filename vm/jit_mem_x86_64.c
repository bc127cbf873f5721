// SPDX-License-Identifier: MIT
// Of the JIT: loads, stores, atomics and 64-bit immediates.
#include "vm/jit_parts_x86_64.h"
#include "vm/map.h"

static struct mem operand(const struct insn *in)
{
	return at(jit_regs[insn_base(in)], in->off);
}

/* Whether an access can hit a bad address: everything but the program's own stack. */
static bool can_fault(const struct insn *in)
{
	return insn_base(in) != BPF_FP;
}

static void emit_load_insn(struct code *c, const struct insn *in)
{
	static void (*const rows[])(struct code *, enum reg, struct mem) = {
		/* by bits 3 and 4: 32, 16, 8, 64; then with sign */
		mov_rm32, movzx_rm16, movzx_rm8, mov_rm, movsxd_rm, movsx_rm16, movsx_rm8,
	};
	bool is_signed = in->op & 0x80;
	rows[(in->op >> 3 & 3) + (is_signed ? 4 : 0)](c, jit_dst(in), operand(in));
}

void jit_emit_load(struct jit *j, const struct insn *in)
{
	if (!can_fault(in)) {
		emit_load_insn(j->c, in);
		return;
	}
	u32 f = jit_fixup(j, jit_dst(in));
	emit_load_insn(j->c, in);
	jit_fixup_resume(j, f);
}

static void emit_store_insn(struct code *c, const struct insn *in)
{
	static void (*const from_reg[])(struct code *, struct mem, enum reg) = { mov_mr32, mov_mr16, mov_mr8,
										 mov_mr };
	static void (*const from_imm[])(struct code *, struct mem, i64) = { mov_mi32, mov_mi16, mov_mi8,
									    mov_mi };
	u32 size = in->op >> 3 & 3;
	if (insn_class(in) == CLASS_STX)
		from_reg[size](c, operand(in), jit_src(in));
	else
		from_imm[size](c, operand(in), size == 1 ? (i16)in->imm : size == 2 ? (i8)in->imm : in->imm);
}

void jit_emit_store(struct jit *j, const struct insn *in)
{
	if (!can_fault(in)) {
		emit_store_insn(j->c, in);
		return;
	}
	u32 f = jit_fixup(j, JIT_NO_DST);
	emit_store_insn(j->c, in);
	jit_fixup_resume(j, f);
}

/* The atomics that are one instruction. */
static void emit_atomic_insn(struct code *c, const struct insn *in)
{
	bool wide = insn_size(in) == 8;
	struct mem m = operand(in);
	switch (in->imm) {
	case 0x00: (wide ? lock_add_mr : lock_add_mr32)(c, m, jit_src(in)); break;
	case 0x40: (wide ? lock_or_mr : lock_or_mr32)(c, m, jit_src(in)); break;
	case 0x50: (wide ? lock_and_mr : lock_and_mr32)(c, m, jit_src(in)); break;
	case 0xa0: (wide ? lock_xor_mr : lock_xor_mr32)(c, m, jit_src(in)); break;
	case 0x01: (wide ? lock_xadd_mr : lock_xadd_mr32)(c, m, jit_src(in)); break;
	case 0xe1: (wide ? xchg_mr : xchg_mr32)(c, m, jit_src(in)); break;
	case 0xf1: (wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, jit_src(in)); break;
	}
}

static u32 atomic_result(const struct insn *in)
{
	if (in->imm == 0xf1)
		return RAX;
	return in->imm & 1 ? (u32)jit_src(in) : JIT_NO_DST;
}

/* and, or, xor that also give the old value. cmpxchg works on rax, so R0 moves to r11; whether it was
 * the address, the operand, both or neither, r11 stands for it inside.
 *      mov r11, rax
 *      mov rax, [m]
 * .again:
 *      mov r10, rax
 *      and r10, src
 *      lock cmpxchg [m], r10
 *      jne .again
 *      mov src, rax
 *      mov rax, r11                                                                    */
static void emit_fetch_loop(struct jit *j, const struct insn *in)
{
	struct code *c = j->c;
	bool wide = insn_size(in) == 8;
	const struct alu_row *row = &jit_alu_rows[in->imm >> 4];
	enum reg s = jit_src(in) == RAX ? R11 : jit_src(in);
	struct mem m = jit_dst(in) == RAX ? at(R11, in->off) : operand(in);
	struct label again = LABEL;

	mov_rr(c, R11, RAX);
	u32 f_load = jit_fixup(j, RAX);
	(wide ? mov_rm : mov_rm32)(c, RAX, m);
	bind(c, &again);
	mov_rr(c, R10, RAX);
	(wide ? row->rr : row->rr32)(c, R10, s);
	u32 f_swap = jit_fixup(j, RAX);
	(wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, R10);
	jcc_short(c, IF_NE, &again);
	jit_fixup_resume(j, f_load);
	jit_fixup_resume(j, f_swap);
	if (jit_src(in) != RAX) {
		mov_rr(c, jit_src(in), RAX);
		mov_rr(c, RAX, R11);
	}
}

void jit_emit_atomic(struct jit *j, const struct insn *in)
{
	if (in->imm == 0x41 || in->imm == 0x51 || in->imm == 0xa1) {
		emit_fetch_loop(j, in);
		return;
	}
	u32 f = jit_fixup(j, atomic_result(in));
	emit_atomic_insn(j->c, in);
	jit_fixup_resume(j, f);
	if (in->imm == 0xf1 && insn_size(in) == 4)
		mov_rr32(j->c, RAX, RAX); /* cmpxchg writes eax only when it fails */
}

void jit_emit_imm64(struct jit *j, const struct insn *in)
{
	u64 value = insn_imm64(in);
	if (insn_kind(in) == INSN_LD_MAP)
		value = (uptr)j->p->object->maps[in->imm];
	else if (insn_kind(in) == INSN_LD_VALUE)
		value = (uptr)j->p->object->maps[in->imm]->values + (u32)in[1].imm;
	jit_load_imm(j->c, jit_dst(in), (i64)value);
}
