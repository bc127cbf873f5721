// SPDX-License-Identifier: MIT
// Walks a program from top to bottom and knows about each register what can be known between two jump
// targets: which others hold the same, of what sum or shift its value came, whether its upper half is 0.
// With that it gives each op the operands that need least work. What then is not needed any more,
// op_live.c takes out.
//
// Values have numbers: a new one whenever something new is computed. Two registers hold the same if the
// numbers of their values are equal; what was known about a number stays true until no register has it.
#include "vm/helper.h"
#include "vm/map.h"
#include "vm/op.h"

/* A value as base + (index << shift) + disp, by the numbers of the values; 0: none. */
struct sum {
	u32 base, index;
	u8 shift;
	i32 disp;
};

/* A value as another one shifted by a constant; of is a number, at 32 bits that of the low half. */
struct shifted {
	u32 of;
	u8 count;
	bool left, wide;
};

/* A value as a quotient, or as that quotient multiplied by the divisor again; all by their numbers. */
struct quotient {
	u32 of, by, number;
	u8 kind; /* of the division; OP_GONE: none */
	bool is_product;
};

struct value {
	u32 number;
	u32 low;    /* number of the low half */
	u32 before; /* number of what this took the place of */
	u32 born; /* 1 + the op that put it into this register; what was there before the first op is older */
	bool is_read; /* since then; or a jump led away, to where it may be */
	bool is_u32;  /* the upper half is 0 */
	struct sum sum;
	struct shifted shifted;
	struct quotient quotient;
};

struct fold {
	struct ops *o;
	struct value reg[BPF_REGS];
	u32 numbers;    /* given out so far */
	u32 idx;        /* the op in work */
	u32 always_u32; /* registers that hold nothing else in this function */
};

static struct value fresh(struct fold *f)
{
	u32 number = ++f->numbers;
	return (
	    struct value){ .number = number, .low = number, .born = f->idx + 1, .sum = { .base = number } };
}

/* ---- what does not depend on the place: registers with 32 bits in a whole function ---- */

/* Whether what the op writes has an upper half of 0, if that is so for the registers in mask. */
static bool writes_u32(const struct op *op, const struct insn *in, u32 mask)
{
	bool a = op->a != OP_NO_REG && mask & 1u << op->a, b = op->b != OP_NO_REG && mask & 1u << op->b;
	if (op->flags & OP_SET)
		return true;
	switch (op->kind) {
	case INSN_MOV64_K: return op->imm >= 0;
	case INSN_MOV64_X: return b;
	case INSN_AND64_K: return op->imm >= 0 || a;
	case INSN_AND64_X: return a || b;
	case INSN_OR64_K:
	case INSN_XOR64_K: return a && op->imm >= 0;
	case INSN_OR64_X:
	case INSN_XOR64_X: return a && b;
	case INSN_RSH64_K: return a || (op->imm & 63) >= 32;
	case INSN_RSH64_X:
	case INSN_DIV64_K:
	case INSN_DIV64_X:
	case INSN_MOD64_K:
	case INSN_MOD64_X: return a;
	case INSN_LD_IMM64: return in[1].imm == 0;
	case INSN_LDX8:
	case INSN_LDX16:
	case INSN_LDX32:
	case INSN_LE16:
	case INSN_LE32:
	case INSN_BE16:
	case INSN_BE32:
	case INSN_BSWAP16:
	case INSN_BSWAP32:
	case OP_ROL32: return true;
	default: return opcode_of(op) && op_class(op) == CLASS_ALU32 && (opcode_of(op) & 0xf0) != 0xd0;
	}
}

/* The end of the function that starts here. */
static u32 function_end(const struct ops *o, u32 start)
{
	u32 end = start + 1;
	while (end < o->p->insn_count && !(o->marks[end] & MARK_START))
		end++;
	return end;
}

/* Takes out of the mask what the function also writes in other ways, until nothing changes: at most once
 * for each register. What a function is called with may be anything. */
static u32 find_always_u32(const struct ops *o, u32 start)
{
	u32 end = function_end(o, start), before;
	u32 mask = (1u << BPF_FP) - 1;
	mask &= ~op_live_before(&o->op[start]);
	do {
		before = mask;
		for (u32 i = start; i < end; i++) {
			const struct op *op = &o->op[i];
			if (op_writes(op) & mask && !writes_u32(op, &o->p->insns[i], mask))
				mask &= ~op_writes(op);
		}
	} while (mask != before);
	return mask;
}

/* ---- registers and values ---- */

static void forget(struct fold *f)
{
	for (u32 r = 0; r < BPF_REGS; r++) {
		f->reg[r] = fresh(f);
		f->reg[r].born = f->idx;
		f->reg[r].is_u32 = f->always_u32 & 1u << r;
	}
}

/* The register that has held the value for longest; OP_NO_REG if none does. */
static u32 holder(const struct fold *f, u32 number)
{
	u32 found = OP_NO_REG;
	for (u32 r = 0; r < BPF_REGS; r++)
		if (f->reg[r].number == number && (found == OP_NO_REG || f->reg[r].born < f->reg[found].born))
			found = r;
	return found;
}

static u32 holder_low(const struct fold *f, u32 low)
{
	u32 found = OP_NO_REG;
	for (u32 r = 0; r < BPF_REGS; r++)
		if (f->reg[r].low == low && (found == OP_NO_REG || f->reg[r].born < f->reg[found].born))
			found = r;
	return found;
}

/* A register to read instead of reg. */
static u32 instead(const struct fold *f, u32 reg, bool wide)
{
	if (reg == OP_NO_REG || !op_trick(TRICK_COPY))
		return reg;
	return wide ? holder(f, f->reg[reg].number) : holder_low(f, f->reg[reg].low);
}

/* ---- sums ---- */

static bool add_disp(i32 *disp, i64 more)
{
	i64 sum = *disp + more;
	if (sum != (i32)sum)
		return false;
	*disp = (i32)sum;
	return true;
}

/* s += t, if the result is still one base and one index. */
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

/* s <<= count. */
static bool shift_sum(struct sum *s, u32 count)
{
	struct sum r = { .index = s->index ? s->index : s->base, .shift = (u8)(s->shift + count) };
	if ((s->base && s->index) || r.shift > 3 || !add_disp(&r.disp, (i64)s->disp * (1 << count)))
		return false;
	*s = r;
	return true;
}

/* Puts the registers of a sum into the operands of an op; false if one of the values is in no register. */
static bool place_sum(const struct fold *f, struct op *op, const struct sum *s)
{
	u32 base = s->base ? holder(f, s->base) : OP_NO_REG,
	    index = s->index ? holder(f, s->index) : OP_NO_REG;
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

/* The sum of two registers; as much of what they are made of as there is room for, and as is still held. */
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

/* The same for an access. One through the frame pointer alone cannot fail, so it must stay in the stack; with
 * an index it is one that can, and the frame pointer is what is added. */
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

/* A sum that was made in place, in reg, for this op alone: what made it is taken back.
 *      r3 += r2                        gone
 *      r0 = *(u8 *)(r3 +4)             movzx eax, byte [rdx + rsi + 4]                     */
static bool take_back(struct fold *f, struct op *op, u32 reg, const struct sum *s, place_fn *place)
{
	struct value *v = &f->reg[reg], saved = *v;
	struct op *maker = &f->o->op[v->born - 1];
	bool is_needed = v->is_read || op->b == reg || (reg != op->dst && op->live & 1u << reg);
	bool is_made =
	    v->before && maker->dst == reg && !(maker->flags & OP_WHEN) &&
	    (maker->kind == INSN_ADD64_X || maker->kind == INSN_MUL64_K || maker->kind == OP_LEA64);
	if (is_needed || !is_made)
		return false;
	v->number = v->before;
	if (!place(f, op, s)) {
		*v = saved;
		return false;
	}
	op_drop(maker);
	*v = fresh(f);
	v->number = v->low = v->sum.base = saved.before;
	v->born = saved.born;
	return true;
}

/*      r3 = r1                         gone
 *      r3 += r2                        gone
 *      r0 = *(u8 *)(r3 +4)             movzx eax, byte [rdi + rsi + 4]                     */
static void fold_address(struct fold *f, struct op *op)
{
	struct sum s = f->reg[op->a].sum;
	if (op_trick(TRICK_ADDRESS) && add_disp(&s.disp, op->disp) &&
	    (place_address(f, op, &s) || take_back(f, op, op->a, &s, place_address)))
		return;
	u32 base = instead(f, op->a, true);
	if (base != BPF_FP)
		op->a = (u8)base;
}

/* What an addition or a shift to the left gives as a sum; false if it is none. */
static bool result_sum(const struct fold *f, const struct op *op, struct sum *s)
{
	const struct value *a = &f->reg[op->a];
	*s = a->sum;
	switch (op->kind) {
	case INSN_ADD64_X: *s = sum_of(f, a, &f->reg[op->b]); return true;
	case OP_LEA64: {
		const struct sum scaled = { .index = f->reg[op->index].number, .shift = op->shift };
		if (add_sum(s, &scaled))
			return true;
		*s = (struct sum){ a->number, scaled.index, op->shift, 0 };
		return true;
	}
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

/* Whether the sum says more than the op does by itself: dst += b, dst += imm, dst <<= imm. */
static bool is_worth_lea(const struct fold *f, const struct op *op, const struct op *lea)
{
	bool three = lea->a != OP_NO_REG && lea->index != OP_NO_REG && (lea->disp || lea->shift);
	if (lea->a == OP_NO_REG || lea->a == op->dst || lea->index == op->dst)
		return false;
	return !three || !f->reg[op->dst].is_read;
}

/*      r3 = r1                         gone
 *      r3 <<= 2                        gone
 *      r3 += r2                        lea rdx, [rsi + rdi*4]                              */
static void fold_lea(struct fold *f, struct op *op, const struct sum *s)
{
	struct op lea = { .kind = OP_LEA64, .dst = op->dst, .a = op->a, .b = OP_NO_REG, .live = op->live };
	if (!op_trick(TRICK_LEA) || op->flags & OP_WHEN)
		return;
	if (place_sum(f, &lea, s) ? is_worth_lea(f, op, &lea) : take_back(f, &lea, op->dst, s, place_sum))
		*op = lea;
}

/* ---- shifts that need not have been ---- */

/* A register that holds what was shifted; OP_NO_REG if none does. If the shift was done in place, and its
 * result in reg went nowhere but into this op, it is taken back. */
static u32 unshifted(struct fold *f, const struct op *op, u32 reg)
{
	struct value *v = &f->reg[reg];
	const struct shifted s = v->shifted;
	u32 from = s.wide ? holder(f, s.of) : holder_low(f, s.of);
	if (from != OP_NO_REG || v->is_read || (reg != op->dst && op->live & 1u << reg))
		return from;
	struct op *shift = &f->o->op[v->born - 1];
	if (shift->dst != reg || shift->imm != s.count)
		return OP_NO_REG;
	u32 born = v->born;
	shift->kind = INSN_MOV64_X;
	shift->b = shift->a;
	shift->a = OP_NO_REG;
	if (shift->b == shift->dst)
		op_drop(shift);
	*v = fresh(f);
	v->born = born;
	if (s.wide)
		v->number = v->sum.base = s.of;
	else
		v->low = s.of;
	return reg;
}

static void make_mov32(struct op *op, u32 from)
{
	op->kind = INSN_MOV32_X;
	op->a = OP_NO_REG;
	op->b = (u8)from;
}

/*      r3 <<= 32                       gone
 *      r3 >>= 32                       mov edx, edx; s>>=: movsxd rdx, edx                 */
static void fold_extension(struct fold *f, struct op *op)
{
	const struct shifted s = f->reg[op->a].shifted;
	bool is_pair = s.of && s.left && s.wide && s.count == 32 && op->imm == 32;
	if (!is_pair || (op->kind != INSN_RSH64_K && op->kind != INSN_ARSH64_K) || op->flags & OP_WHEN)
		return;
	u32 from = unshifted(f, op, op->a);
	if (from == OP_NO_REG)
		return;
	bool is_signed = op->kind == INSN_ARSH64_K;
	make_mov32(op, from);
	if (is_signed)
		op->kind = INSN_MOVSX64_32;
}

/*      r3 <<= 3                        gone
 *      r4 += r3                        lea rcx, [rcx + rdx*8]                              */
static void fold_scale(struct fold *f, struct op *op, u32 reg, u32 other)
{
	const struct shifted s = f->reg[reg].shifted;
	bool is_scale = s.of && s.left && s.wide && s.count <= 3 && reg != other;
	if (!is_scale || !op_trick(TRICK_LEA) || op->kind != INSN_ADD64_X || op->flags & OP_WHEN)
		return;
	if (unshifted(f, op, reg) != reg)
		return;
	op->kind = OP_LEA64;
	op->a = (u8)instead(f, other, true);
	op->b = OP_NO_REG;
	op->index = (u8)reg;
	op->shift = s.count;
}

/* ---- rotates ---- */

static bool is_joining(const struct op *op)
{
	switch (op->kind) {
	case INSN_OR64_X:
	case INSN_XOR64_X:
	case INSN_ADD64_X:
	case INSN_OR32_X:
	case INSN_XOR32_X:
	case INSN_ADD32_X: return !(op->flags & OP_WHEN);
	default: return false;
	}
}

/* Whether the two are halves of a rotated value: x << n and x >> (bits - n). */
static bool are_halves(const struct shifted *a, const struct shifted *b)
{
	return a->of && a->of == b->of && a->wide == b->wide && a->left != b->left &&
	       a->count + b->count == (a->wide ? 64 : 32);
}

/*      r4 = r3                         gone
 *      r4 >>= 51                       gone
 *      r3 <<= 13                       gone
 *      r3 |= r4                        rol rdx, 13                                         */
static void fold_rotate(struct fold *f, struct op *op)
{
	const struct shifted d = f->reg[op->dst].shifted, b = f->reg[op->b].shifted;
	if (!op_trick(TRICK_ROTATE) || !are_halves(&d, &b) || (d.wide && op_class(op) == CLASS_ALU32))
		return;
	u32 from = unshifted(f, op, f->reg[op->dst].born > f->reg[op->b].born ? op->dst : op->b);
	if (from == OP_NO_REG)
		return;
	op->kind = d.wide ? OP_ROL64 : OP_ROL32;
	op->a = (u8)from;
	op->b = OP_NO_REG;
	op->imm = d.left ? d.count : b.count;
}

/* ---- remainders ---- */

/* Whether all that a division at 32 bits loses are zeroes. */
static bool is_exact(const struct fold *f, const struct op *op)
{
	return op->kind == INSN_DIV64_X || op->kind == INSN_SDIV64_X ||
	       (op->kind == INSN_DIV32_X && f->reg[op->a].is_u32 && f->reg[op->b].is_u32);
}

static bool has_width(const struct op *op, const struct quotient *q, u8 kind64, u8 kind32)
{
	return op->kind == kind64 || (op->kind == kind32 && q->kind == INSN_DIV32_X);
}

/* The result of a division, or of a multiplication of it by its divisor. */
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
	if (!q.kind || q.is_product || factor != q.by || !has_width(op, &q, INSN_MUL64_X, INSN_MUL32_X))
		return (struct quotient){ 0 };
	q.is_product = true;
	return q;
}

/* clang makes a % b of a division:
 *      r4 = r2                         gone
 *      r4 /= r3                        gone
 *      r4 *= r3                        gone
 *      r1 = r2                         gone
 *      r1 -= r4                        r1 = r2 % r3                                        */
static void fold_remainder(const struct fold *f, struct op *op)
{
	const struct quotient *q = &f->reg[op->b].quotient;
	if (!q->is_product || !has_width(op, q, INSN_SUB64_X, INSN_SUB32_X) || !op_trick(TRICK_REMAINDER))
		return;
	u32 of = holder(f, q->of), by = holder(f, q->by);
	bool is_needed = holder(f, q->number) != OP_NO_REG || f->reg[op->b].is_read || op->b == op->dst ||
			 op->live & 1u << op->b || op->flags & OP_WHEN;
	if (f->reg[op->a].number != q->of || of == OP_NO_REG || by == OP_NO_REG || is_needed)
		return;
	op->kind = q->kind - INSN_DIV32_K + INSN_MOD32_K;
	op->a = (u8)of;
	op->b = (u8)by;
}

/* ---- one op ---- */

/*      w3 = w3                         gone, if the upper half is 0
 *      r3 /= 10                        at 32 bits, if it is                                */
static void narrow(const struct fold *f, struct op *op)
{
	bool a = op->a != OP_NO_REG && f->reg[op->a].is_u32, b = op->b != OP_NO_REG && f->reg[op->b].is_u32;
	if (!op_trick(TRICK_NARROW))
		return;
	switch (op->kind) {
	case INSN_MOV32_X: op->kind = b ? INSN_MOV64_X : INSN_MOV32_X; break;
	case INSN_DIV64_K: op->kind = a && op->imm > 0 ? INSN_DIV32_K : INSN_DIV64_K; break;
	case INSN_MOD64_K: op->kind = a && op->imm > 0 ? INSN_MOD32_K : INSN_MOD64_K; break;
	case INSN_DIV64_X: op->kind = a && b ? INSN_DIV32_X : INSN_DIV64_X; break;
	case INSN_MOD64_X: op->kind = a && b ? INSN_MOD32_X : INSN_MOD64_X; break;
	case INSN_JEQ64_K: op->kind = a && op->imm > 0 ? INSN_JEQ32_K : INSN_JEQ64_K; break;
	case INSN_JNE64_K: op->kind = a && op->imm > 0 ? INSN_JNE32_K : INSN_JNE64_K; break;
	}
}

/* The first operand. If it is the destination, the copy that it came from is worth more only if that copy
 * is then made for nobody. */
static void fold_first(const struct fold *f, struct op *op, bool wide)
{
	if (op->a != op->dst || !f->reg[op->a].is_read)
		op->a = (u8)instead(f, op->a, wide);
}

/* Whether the op looks at all 64 bits of its operands. */
static bool is_wide(const struct op *op)
{
	u32 class = op_class(op);
	switch (op->kind) {
	case INSN_MOVSX64_8:
	case INSN_MOVSX64_16:
	case INSN_MOVSX64_32:
	case INSN_STX8:
	case INSN_STX16:
	case INSN_STX32: return false;
	default: return class != CLASS_ALU32 && class != CLASS_JMP32;
	}
}

static void fold_operands(struct fold *f, struct op *op)
{
	if (op_is_access(op)) {
		fold_address(f, op);
		if (op->b != op->dst) /* an atomic that fetches gives its result there */
			op->b = (u8)instead(f, op->b, is_wide(op));
		return;
	}
	if (op->b != OP_NO_REG)
		op->b = (u8)instead(f, op->b, is_wide(op));
	if (op->a != OP_NO_REG)
		fold_first(f, op, is_wide(op));
}

/* The value that a shift by a constant makes. */
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

/* An address or a number that fits a displacement. */
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

/* What the op's result is. */
static struct value result(struct fold *f, const struct op *op, const struct insn *in, bool is_u32)
{
	struct value v = fresh(f);
	i32 constant;
	v.is_u32 = is_u32;
	v.shifted = shifted_of(f, op);
	v.quotient = quotient_of(f, op, v.number);
	if (op->kind == INSN_MOV32_X)
		v.low = f->reg[op->b].low;
	if (constant_of(f, op, in, &constant))
		v.sum = (struct sum){ .disp = constant };
	return v;
}

static void fold_write(struct fold *f, struct op *op, const struct insn *in)
{
	struct sum s;
	bool is_u32 = writes_u32(op, in, mask_u32(f));
	bool is_sum = op->a != OP_NO_REG && result_sum(f, op, &s);
	struct value v;
	if (op->kind == INSN_MOV64_X) {
		v = f->reg[op->b];
		v.born = f->idx + 1;
		v.is_read = false;
	} else {
		v = result(f, op, in, is_u32);
		if (is_sum)
			v.sum = s;
	}
	if (op->flags & OP_WHEN) { /* or what was there before */
		bool was_u32 = f->reg[op->dst].is_u32;
		v = fresh(f);
		v.is_u32 = is_u32 && was_u32;
	} else if (is_sum) {
		fold_lea(f, op, &s);
	}
	if (op->kind != INSN_MOV64_X)
		v.before = f->reg[op->dst].number;
	f->reg[op->dst] = v;
}

static bool is_flat(const struct map *m)
{
	return (m->ops->type == BPF_MAP_TYPE_ARRAY || m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) &&
	       m->stride <= 0x7fffffff && m->per_cpu_stride <= 0x7fffffff && m->max_entries <= 0x7fffffff;
}

/*      r2 = r10                        gone
 *      r2 += -4                        gone
 *      r1 = map[id:1]                  gone
 *      call map_lookup_elem            r0 = the element with the index at [r10 - 4]        */
static void fold_lookup(struct fold *f, struct op *op)
{
	const struct prog *p = f->o->p;
	const struct helper *h = helper_find((u32)op->imm);
	const struct insn *map = flow_constant(p, f->o->marks, f->idx, BPF_R1);
	bool is_lookup = h && h->id == HELPER_MAP_LOOKUP_ELEM && h->ret == RET_MAP_VALUE_OR_NULL;
	if (!is_lookup || !map || !insn_is_map(map) || !is_flat(p->object->maps[map->imm]))
		return;
	op->kind = OP_ELEMENT;
	op->dst = BPF_R0;
	op->a = BPF_R2;
	op->imm = map->imm;
	fold_address(f, op);
}

/* What an addition or a subtraction can be, seen together with what made its operands. */
static void fold_pair(struct fold *f, struct op *op)
{
	if (op->kind == INSN_SUB64_X || op->kind == INSN_SUB32_X) {
		fold_remainder(f, op);
	} else if (op->kind == INSN_ADD64_X) {
		fold_scale(f, op, op->b, op->a);
		if (op->kind == INSN_ADD64_X)
			fold_scale(f, op, op->a, op->b);
	}
}

static void note_reads(struct fold *f, u32 mask)
{
	for (u32 r = 0; r < BPF_REGS; r++)
		f->reg[r].is_read |= mask >> r & 1;
}

static void fold_op(struct fold *f)
{
	struct op *op = &f->o->op[f->idx];
	const struct insn *in = &f->o->p->insns[f->idx];
	if (op->kind == INSN_CALL && op_trick(TRICK_ELEMENT))
		fold_lookup(f, op);
	if (op->a != OP_NO_REG)
		fold_extension(f, op);
	narrow(f, op);
	if (is_joining(op))
		fold_rotate(f, op);
	if (op->b != OP_NO_REG && op->a != OP_NO_REG)
		fold_pair(f, op);
	if (op->kind != OP_ELEMENT)
		fold_operands(f, op);
	if (op->kind == INSN_MOV64_X && f->reg[op->b].number == f->reg[op->dst].number &&
	    !(op->flags & OP_WHEN)) {
		op_drop(op);
		return;
	}
	u32 writes = op_writes(op);
	if (op->dst != OP_NO_REG)
		fold_write(f, op, in);
	note_reads(f, op_reads(op) & ~writes);
	if (op->dst == OP_NO_REG)
		for (u32 r = 0; r < BPF_REGS; r++)
			if (writes & 1u << r)
				f->reg[r] = fresh(f);
	if (op_is_branch(op) || op_is_goto(op))
		note_reads(f, ~0u);
}

void ops_fold(struct ops *o)
{
	struct fold f = { .o = o };
	for (f.idx = 0; f.idx < o->p->insn_count; f.idx++) {
		u32 i = f.idx;
		if (o->marks[i] & MARK_START)
			f.always_u32 = op_trick(TRICK_NARROW) ? find_always_u32(o, i) : 0;
		if (o->marks[i] & (MARK_START | MARK_TARGET))
			forget(&f);
		if (o->op[i].kind != OP_GONE)
			fold_op(&f);
	}
}
