// SPDX-License-Identifier: MIT
// Values have numbers: each new result gets a new one. Two registers hold the same if the numbers of their
// values are equal. What is known about a number stays true until no register has it.
//
// Sums: what an address can add up, and which registers it takes. A sum holds the numbers of its values. It
// can become an address as long as each of these values is still in a register.
#include "vm/jit/op_fold.h"

struct value value_new(struct fold *f)
{
	u32 number = ++f->numbers;
	return (
	    struct value){ .number = number, .low = number, .born = f->idx + 1, .sum = { .base = number } };
}

u32 value_holder(const struct fold *f, u32 number, bool wide)
{
	u32 found = OP_NO_REG;
	for (u32 r = 0; r < BPF_REGS; r++) {
		u32 held = wide ? f->reg[r].number : f->reg[r].low;
		if (held == number && (found == OP_NO_REG || f->reg[r].born < f->reg[found].born))
			found = r;
	}
	return found;
}

u32 value_instead(const struct fold *f, u32 reg, bool wide)
{
	if (reg == OP_NO_REG || !op_trick(TRICK_COPY))
		return reg;
	return value_holder(f, wide ? f->reg[reg].number : f->reg[reg].low, wide);
}

static bool add_disp(i32 *disp, i64 more)
{
	i64 sum = *disp + more;
	if (sum != (i32)sum)
		return false;
	*disp = (i32)sum;
	return true;
}

/* s += t; false if the result is more than one base and one index. */
static bool add_sum(struct sum *s, const struct sum *t)
{
	struct sum r = *s;
	if (!add_disp(&r.disp, t->disp))
		return false;
	if (t->base && !r.base)
		r.base = t->base;
	else if (t->base && !r.index)
		r.index = t->base;
	else if (t->base)
		return false;
	if (t->index && r.index && !r.base && r.shift == 0) { /* make room: an unshifted index is a base */
		r.base = r.index;
		r.index = 0;
	}
	if (t->index && r.index)
		return false;
	if (t->index) {
		r.index = t->index;
		r.shift = t->shift;
	}
	*s = r;
	return true;
}

/* s <<= count; false if the result is no sum. */
static bool shift_sum(struct sum *s, u32 count)
{
	struct sum r = { .index = s->index ? s->index : s->base };
	r.shift = (u8)(r.index ? s->shift + count : 0);
	if ((s->base && s->index) || r.shift > 3 || !add_disp(&r.disp, (i64)s->disp * (1 << count)))
		return false;
	*s = r;
	return true;
}

/* Puts the registers of a sum into the operands of an op; false if one of the values is in no register. */
static bool place_sum(const struct fold *f, struct op *op, const struct sum *s)
{
	u32 base = s->base ? value_holder(f, s->base, true) : OP_NO_REG,
	    index = s->index ? value_holder(f, s->index, true) : OP_NO_REG;
	if ((s->base && base == OP_NO_REG) || (s->index && index == OP_NO_REG))
		return false;
	op->a = (u8)base;
	op->index = (u8)index;
	op->shift = s->shift;
	op->disp = s->disp;
	return true;
}

static bool is_placed(const struct fold *f, const struct sum *s)
{
	struct op op;
	return place_sum(f, &op, s);
}

/* Returns the sum of two registers. Uses the parts of their values where these fit and registers still
 * hold them. */
static struct sum sum_of(const struct fold *f, const struct value *a, const struct value *b)
{
	const struct sum whole_a = { .base = a->number }, whole_b = { .base = b->number };
	const struct sum *const choices[][2] = { { &a->sum, &b->sum },
						 { &a->sum, &whole_b },
						 { &whole_a, &b->sum } };
	for (u32 i = 0; i < array_len(choices); i++) {
		struct sum s = *choices[i][0];
		if (add_sum(&s, choices[i][1]) && is_placed(f, &s))
			return s;
	}
	return (struct sum){ a->number, b->number, 0, 0 };
}

/* Puts the registers of a sum into the address of an access. An access through the frame pointer alone
 * counts as one that cannot fail, so it must stay in the stack. With an index an access can fail; then the
 * frame pointer is the index. */
static bool place_address(const struct fold *f, struct op *op, const struct sum *s)
{
	struct op try = *op;
	i32 size = op->kind == OP_ELEMENT ? 4 : (i32)insn_size(&(struct insn){ .op = opcode_of(op) });
	if (!place_sum(f, &try, s))
		return false;
	if (try.a == BPF_FP && try.index != OP_NO_REG && try.shift == 0) {
		try.a = try.index;
		try.index = BPF_FP;
	}
	if (try.a == BPF_FP && (try.index != OP_NO_REG || try.disp < -PROG_STACK || try.disp > -size))
		return false;
	*op = try;
	return true;
}

typedef bool place_fn(const struct fold *f, struct op *op, const struct sum *s);

/* If a sum or product changed reg in place for this op alone, removes the op that computed it.
 *      r3 += r2                        gone
 *      r0 = *(u8 *)(r3 +4)             movzx eax, byte [rdx + rsi + 4]                     */
static bool take_back(struct fold *f, struct op *op, u32 reg, const struct sum *s, place_fn *place)
{
	struct value *v = &f->reg[reg], saved = *v;
	struct op *maker = &f->o->op[v->born - 1];
	struct op rest = *op; /* beside the address: what is stored; R0, with which cmpxchg compares */
	rest.a = OP_NO_REG;
	bool is_needed =
	    v->is_read || op_reads(&rest) & 1u << reg || (reg != op->dst && op->live & 1u << reg);
	bool is_made =
	    v->before && maker->dst == reg && (maker->kind == INSN_ADD64_X || maker->kind == INSN_MUL64_K);
	if (is_needed || !is_made)
		return false;
	v->number = v->before;
	if (!place(f, op, s)) {
		*v = saved;
		return false;
	}
	op_drop(maker);
	*v = value_new(f);
	v->number = v->low = v->sum.base = saved.before;
	v->born = saved.born;
	return true;
}

/*      r3 = r1                         gone
 *      r3 += r2                        gone
 *      r0 = *(u8 *)(r3 +4)             movzx eax, byte [rdi + rsi + 4]                     */
void sum_fold_address(struct fold *f, struct op *op)
{
	struct sum s = f->reg[op->a].sum;
	if (op_trick(TRICK_ADDRESS) && add_disp(&s.disp, op->disp) &&
	    (place_address(f, op, &s) || take_back(f, op, op->a, &s, place_address)))
		return;
	u32 base = value_instead(f, op->a, true);
	if (base != BPF_FP)
		op->a = (u8)base;
}

/* The result of an addition or a shift to the left as a sum; false if it is no sum. */
bool sum_of_op(const struct fold *f, const struct op *op, struct sum *s)
{
	const struct value *a = &f->reg[op->a];
	*s = a->sum;
	switch (op->kind) {
	case INSN_ADD64_X: *s = sum_of(f, a, &f->reg[op->b]); return true;
	case INSN_ADD64_K: return add_disp(&s->disp, op->imm);
	case INSN_SUB64_K: return add_disp(&s->disp, -(i64)op->imm);
	case INSN_LSH64_K:
		if (op->imm <= 0 || op->imm > 3)
			return false;
		if (shift_sum(s, (u32)op->imm))
			return true;
		*s = (struct sum){ .index = a->number, .shift = (u8)op->imm };
		return true;
	case INSN_MUL64_K: /* by 3, 5 or 9 */
		if (op->imm != 3 && op->imm != 5 && op->imm != 9)
			return false;
		*s = (struct sum){ a->number, a->number, (u8)__builtin_ctz((u32)op->imm - 1), 0 };
		return true;
	default: return false;
	}
}
