// SPDX-License-Identifier: MIT
// Of the JIT: loads, stores, atomics and 64-bit immediates.
#include "vm/jit/x86_64/parts.h"
#include "vm/run/kfunc.h"

/* Whether an access can hit a bad address: it can, unless it is to the program's own stack. */
static bool can_fault(const struct op *op)
{
	return op->a != BPF_FP || op->index != OP_NO_REG;
}

static void emit_load_insn(struct code *c, const struct op *op)
{
	struct mem m = jit_operand(op);
	enum reg d = jit_dst(op);
	switch (op->kind) {
	case INSN_LDX8: movzx_rm8(c, d, m); break;
	case INSN_LDX16: movzx_rm16(c, d, m); break;
	case INSN_LDX32: mov_rm32(c, d, m); break;
	case INSN_LDX64: mov_rm(c, d, m); break;
	case INSN_LDXS8: movsx_rm8(c, d, m); break;
	case INSN_LDXS16: movsx_rm16(c, d, m); break;
	case INSN_LDXS32: movsxd_rm(c, d, m); break;
	}
}

void jit_emit_load(struct jit *j, const struct op *op)
{
	if (!can_fault(op)) {
		emit_load_insn(j->c, op);
		return;
	}
	u32 f = jit_fixup(j, jit_dst(op));
	emit_load_insn(j->c, op);
	jit_fixup_resume(j, f);
}

static void emit_store_insn(struct code *c, const struct op *op)
{
	struct mem m = jit_operand(op);
	switch (op->kind) {
	case INSN_ST8: mov_mi8(c, m, (i8)op->imm); break;
	case INSN_ST16: mov_mi16(c, m, (i16)op->imm); break;
	case INSN_ST32: mov_mi32(c, m, op->imm); break;
	case INSN_ST64: mov_mi(c, m, op->imm); break;
	case INSN_STX8: mov_mr8(c, m, jit_b(op)); break;
	case INSN_STX16: mov_mr16(c, m, jit_b(op)); break;
	case INSN_STX32: mov_mr32(c, m, jit_b(op)); break;
	case INSN_STX64: mov_mr(c, m, jit_b(op)); break;
	}
}

void jit_emit_store(struct jit *j, const struct op *op)
{
	if (!can_fault(op)) {
		emit_store_insn(j->c, op);
		return;
	}
	u32 f = jit_fixup(j, NO_REG);
	emit_store_insn(j->c, op);
	jit_fixup_resume(j, f);
}

static bool is_wide_atomic(const struct op *op)
{
	return opcode_of(op) == OPCODE_ATOMIC_ADD64;
}

/* The atomics that are one instruction. */
static void emit_atomic_insn(struct code *c, const struct op *op, i32 what)
{
	bool wide = is_wide_atomic(op);
	struct mem m = jit_operand(op);
	enum reg b = jit_b(op);
	switch (what) {
	case ATOMIC_ADD: (wide ? lock_add_mr : lock_add_mr32)(c, m, b); break;
	case ATOMIC_OR: (wide ? lock_or_mr : lock_or_mr32)(c, m, b); break;
	case ATOMIC_AND: (wide ? lock_and_mr : lock_and_mr32)(c, m, b); break;
	case ATOMIC_XOR: (wide ? lock_xor_mr : lock_xor_mr32)(c, m, b); break;
	case ATOMIC_ADD | ATOMIC_FETCH: (wide ? lock_xadd_mr : lock_xadd_mr32)(c, m, b); break;
	case ATOMIC_XCHG: (wide ? xchg_mr : xchg_mr32)(c, m, b); break;
	case ATOMIC_CMPXCHG: (wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, b); break;
	}
}

/* Whether the operation also exists without fetching. */
static bool is_fetch(i32 what)
{
	return what & ATOMIC_FETCH && what != ATOMIC_XCHG && what != ATOMIC_CMPXCHG;
}

/* The operation, without the fetching if the old value is not read. */
static i32 atomic_what(const struct op *op)
{
	i32 what = jit_variant(op);
	if (is_fetch(what) && op->dst != OP_NO_REG && !jit_is_live(op, op->dst))
		what &= ~ATOMIC_FETCH;
	return what;
}

/* and, or, xor that also return the old value. cmpxchg uses rax, so R0 moves to r11. Inside the loop r11
 * takes its place as base, index and operand.
 *      mov r11, rax
 *      mov rax, [m]
 * .again:
 *      mov r10, rax
 *      and r10, src
 *      lock cmpxchg [m], r10
 *      jne .again
 *      mov src, rax
 *      mov rax, r11                                                                    */
static void emit_fetch_loop(struct jit *j, const struct op *op)
{
	struct code *c = j->c;
	bool wide = is_wide_atomic(op), is_r0 = op->b == BPF_R0;
	const struct alu_row *row = &jit_alu_rows[jit_variant(op) >> 4];
	enum reg b = is_r0 ? R11 : jit_b(op);
	struct mem m = jit_operand(op);
	struct label again = LABEL;

	m.base = m.base == RAX ? R11 : m.base;
	m.index = m.index == RAX ? R11 : m.index;
	mov_rr(c, R11, RAX);
	u32 f_load = jit_fixup(j, RAX);
	(wide ? mov_rm : mov_rm32)(c, RAX, m);
	bind(c, &again);
	mov_rr(c, R10, RAX);
	(wide ? row->rr : row->rr32)(c, R10, b);
	u32 f_swap = jit_fixup(j, RAX);
	(wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, R10);
	jcc_short(c, IF_NE, &again);
	jit_fixup_resume(j, f_load);
	jit_fixup_resume(j, f_swap);
	if (!is_r0) {
		mov_rr(c, b, RAX);
		mov_rr(c, RAX, R11);
	}
}

void jit_emit_atomic(struct jit *j, const struct op *op)
{
	i32 what = atomic_what(op);
	if (is_fetch(what) && what != (ATOMIC_ADD | ATOMIC_FETCH)) {
		emit_fetch_loop(j, op);
		return;
	}
	u32 f = jit_fixup(j, what & ATOMIC_FETCH ? (u32)jit_dst(op) : NO_REG);
	emit_atomic_insn(j->c, op, what);
	jit_fixup_resume(j, f);
	if (what == ATOMIC_CMPXCHG && !is_wide_atomic(op))
		mov_rr32(j->c, RAX, RAX); /* cmpxchg writes eax only when it fails */
}

void jit_emit_imm64(struct jit *j, const struct op *op, u32 idx)
{
	const struct insn *in = &j->p->insns[idx];
	if (op->kind == INSN_LD_FUNC)
		jit_emit_func_address(j, jit_dst(op), idx + 1 + (u32)in->imm);
	else
		jit_load_imm(j->c, jit_dst(op), (i64)prog_wide_value(j->p, in));
}
