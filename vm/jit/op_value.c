// SPDX-License-Identifier: MIT
// Finds what is known of the value that an op computes: whether it is a sum, a shifted value, a quotient or a
// constant, and whether its upper half is 0.
#include "vm/jit/op_fold.h"
#include "vm/run/map.h"

/* Returns the result of a shift by a constant. */
static struct shifted shifted_of(const struct fold *f, const struct op *op)
{
	bool wide = op->kind == INSN_LSH64_K || op->kind == INSN_RSH64_K;
	bool left = op->kind == INSN_LSH64_K || op->kind == INSN_LSH32_K;
	bool is_shift = wide || left || op->kind == INSN_RSH32_K;
	u8 count = op->imm & (wide ? 63 : 31);
	if (!is_shift || !count)
		return (struct shifted){ 0 };
	const struct value *a = &f->reg[op->a];
	return (struct shifted){ wide ? a->number : a->low, count, left, wide };
}

/* Whether the quotient is one of all 64 bits. A division at 32 bits is one if the upper halves are 0. */
static bool is_exact(const struct fold *f, const struct op *op)
{
	return op->kind == INSN_DIV64_X || op->kind == INSN_SDIV64_X ||
	       (op->kind == INSN_DIV32_X && f->reg[op->a].is_u32 && f->reg[op->b].is_u32);
}

bool quotient_has_width(const struct op *op, const struct quotient *q, u8 kind64, u8 kind32)
{
	return op->kind == kind64 || (op->kind == kind32 && q->kind == INSN_DIV32_X);
}

/* Returns the result of a division, or of the multiplication of a quotient by its divisor. */
static struct quotient quotient_of(const struct fold *f, const struct op *op, u32 number)
{
	struct quotient q = { 0 };
	if (op->kind >= INSN_KINDS || op->a == OP_NO_REG || op->b == OP_NO_REG)
		return q;
	const struct value *a = &f->reg[op->a], *b = &f->reg[op->b];
	if (is_exact(f, op))
		return (struct quotient){ a->number, b->number, number, op->kind, false };
	q = a->quotient.kind ? a->quotient : b->quotient;
	u32 factor = a->quotient.kind ? b->number : a->number;
	if (!q.kind || q.is_product || factor != q.by ||
	    !quotient_has_width(op, &q, INSN_MUL64_X, INSN_MUL32_X))
		return (struct quotient){ 0 };
	q.is_product = true;
	return q;
}

/* Whether the op loads a constant, an address or a number, that fits a displacement. */
static bool constant_of(const struct fold *f, const struct op *op, const struct insn *in, i32 *value)
{
	i64 v;
	if (op->kind == INSN_MOV64_K)
		v = op->imm;
	else if (op->kind == INSN_LD_IMM64)
		v = (i64)insn_imm64(in);
	else if (op->kind == INSN_LD_VALUE)
		v = (i64)(uptr)f->o->p->object->maps[in->imm]->values + (u32)in[1].imm;
	else
		return false;
	*value = (i32)v;
	return v == (i32)v;
}

static u32 mask_u32(const struct fold *f)
{
	u32 mask = 0;
	for (u32 r = 0; r < BPF_REGS; r++)
		mask |= f->reg[r].is_u32 ? 1u << r : 0;
	return mask;
}

struct value value_of_op(struct fold *f, const struct op *op)
{
	const struct insn *in = &f->o->p->insns[f->idx];
	struct sum sum;
	i32 constant;
	struct value v = op->kind == INSN_MOV64_X ? f->reg[op->b] : value_new(f);
	if (op->kind == INSN_MOV64_X) {
		v.born = f->idx + 1;
		v.is_read = false;
		return v;
	}
	v.before = f->reg[op->dst].number;
	v.is_u32 = op_writes_u32(op, in, mask_u32(f));
	v.shifted = shifted_of(f, op);
	v.quotient = quotient_of(f, op, v.number);
	if (op->kind == INSN_MOV32_X)
		v.low = f->reg[op->b].low;
	if (constant_of(f, op, in, &constant))
		v.sum = (struct sum){ .disp = constant };
	else if (op->a != OP_NO_REG && sum_of_op(f, op, &sum))
		v.sum = sum;
	return v;
}
