// SPDX-License-Identifier: MIT
// replaces: emit_fetch_loop
// fails: a bad address
// with: goes on
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
	(wide ? mov_rm : mov_rm32)(c, RAX, m);
	bind(c, &again);
	mov_rr(c, R10, RAX);
	(wide ? row->rr : row->rr32)(c, R10, b);
	(wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(c, m, R10);
	jcc_short(c, IF_NE, &again);
	if (!is_r0) {
		mov_rr(c, b, RAX);
		mov_rr(c, RAX, R11);
	}
}
