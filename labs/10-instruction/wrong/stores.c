// SPDX-License-Identifier: MIT
// replaces: emit_fetch_loop
// fails: atomic
// with: lock cmpxchg
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
	(wide ? mov_mr : mov_mr32)(c, m, R10);
	jit_fixup_resume(j, f_load);
	jit_fixup_resume(j, f_swap);
	if (!is_r0) {
		mov_rr(c, b, RAX);
		mov_rr(c, RAX, R11);
	}
}
