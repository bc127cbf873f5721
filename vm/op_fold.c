// SPDX-License-Identifier: MIT
// Walks a program from top to bottom and knows about each register what can be known between two jump
// targets: which others hold the same, of what sum or shift its value came, whether its upper half is 0.
// With that it gives each op the operands that need least work. What then is not needed any more,
// op_live.c takes out.
//
// Values have numbers: a new one whenever something new is computed. Two registers hold the same if the
// numbers of their values are equal; what was known about a number stays true until no register has it.
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

struct value {
	u32 number;
	u32 low;  /* number of the low half */
	u32 born; /* 1 + the op that put it into this register; what was there before the first op is older */
	bool is_read; /* since then; or a jump led away, to where it may be */
	bool is_u32;  /* the upper half is 0 */
	struct sum sum;
	struct shifted shifted;
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
	default: return opcode_of(op) && (opcode_of(op) & 7) == CLASS_ALU32 && (opcode_of(op) & 0xf0) != 0xd0;
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

/* The sum of two registers; as much of what they are made of as there is room for. */
static struct sum sum_of(const struct value *a, const struct value *b)
{
	const struct sum whole_a = { .base = a->number }, whole_b = { .base = b->number };
	struct sum s = a->sum;
	if (add_sum(&s, &b->sum) || add_sum(&s, &whole_b))
		return s;
	s = whole_a;
	if (!add_sum(&s, &b->sum))
		add_sum(&s, &whole_b);
	return s;
}

/* Puts the registers of a sum into the operands of an op; false if one of the values is in no register. */
static bool place(const struct fold *f, struct op *op, const struct sum *s)
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

/* Whether the op is an access that the verifier has not seen as one to the stack. It must stay in it. */
static bool leaves_stack(const struct op *op, u32 size)
{
	return (op->a == BPF_FP || op->index == BPF_FP) &&
	       (op->index != OP_NO_REG || op->disp < -PROG_STACK || op->disp > -(i32)size);
}

/*      r3 = r1                         gone
 *      r3 += r2                        gone
 *      r0 = *(u8 *)(r3 +4)             movzx eax, byte [rdi + rsi + 4]                     */
static void fold_address(struct fold *f, struct op *op, const struct insn *in)
{
	struct op try = *op;
	struct sum s = f->reg[op->a].sum;
	bool fits = op_trick(TRICK_ADDRESS) && add_disp(&s.disp, op->disp) && place(f, &try, &s);
	if (fits && !leaves_stack(&try, insn_size(in)))
		*op = try;
	else if (instead(f, op->a, true) != BPF_FP)
		op->a = (u8)instead(f, op->a, true);
}

/* What an addition or a shift to the left gives as a sum; false if it is none. */
static bool result_sum(const struct fold *f, const struct op *op, struct sum *s)
{
	const struct value *a = &f->reg[op->a];
	*s = a->sum;
	switch (op->kind) {
	case INSN_ADD64_X: *s = sum_of(a, &f->reg[op->b]); return true;
	case INSN_ADD64_K: return add_disp(&s->disp, op->imm);
	case INSN_SUB64_K: return add_disp(&s->disp, -(i64)op->imm);
	case INSN_LSH64_K:
		if (op->imm <= 0 || op->imm > 3)
			return false;
		if (shift_sum(s, (u32)op->imm))
			return true;
		*s = (struct sum){ .index = a->number, .shift = (u8)op->imm };
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
static bool fold_lea(const struct fold *f, struct op *op, const struct sum *s)
{
	struct op lea = { .kind = OP_LEA64, .dst = op->dst, .b = OP_NO_REG, .live = op->live };
	if (!op_trick(TRICK_LEA) || op->flags & OP_WHEN || !place(f, &lea, s) || !is_worth_lea(f, op, &lea))
		return false;
	*op = lea;
	return true;
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

static void make_rotate(struct op *op, u32 from, const struct shifted *left)
{
	op->kind = left->wide ? OP_ROL64 : OP_ROL32;
	op->a = (u8)from;
	op->b = OP_NO_REG;
	op->imm = left->count;
}

/* The later one of the shifts that made dst and b, if it can become the rotate: its result went nowhere but
 * into this op. NULL if not. */
static struct op *later_shift(const struct fold *f, const struct op *op)
{
	const struct value *d = &f->reg[op->dst], *b = &f->reg[op->b];
	const struct value *v = d->born > b->born ? d : b;
	u32 reg = v == d ? op->dst : op->b;
	struct op *shift = &f->o->op[v->born - 1];
	bool is_shift = shift->kind == INSN_LSH64_K || shift->kind == INSN_RSH64_K ||
			shift->kind == INSN_LSH32_K || shift->kind == INSN_RSH32_K;
	bool is_needed = reg != op->dst && op->live & 1u << reg;
	return is_shift && shift->dst == reg && !v->is_read && !is_needed ? shift : NULL;
}

/*      r4 = r3                         gone
 *      r4 >>= 51                       gone
 *      r3 <<= 13                       rol rdx, 13
 *      r3 |= r4                        gone
 * If the value is still in a register, the op itself becomes the rotate; if one of the shifts was done in
 * place, that one does. */
static void fold_rotate(struct fold *f, struct op *op)
{
	const struct shifted *d = &f->reg[op->dst].shifted, *b = &f->reg[op->b].shifted;
	const struct shifted *left = d->left ? d : b;
	if (!op_trick(TRICK_ROTATE) || !are_halves(d, b) || (d->wide && opcode_of(op) % 8 == CLASS_ALU32))
		return;
	u32 from = left->wide ? holder(f, left->of) : holder_low(f, left->of);
	if (from != OP_NO_REG) {
		make_rotate(op, from, left);
		return;
	}
	struct op *shift = later_shift(f, op);
	if (!shift)
		return;
	make_rotate(shift, shift->a, left);
	struct value rotated = fresh(f);
	u32 was = shift->dst;
	rotated.is_u32 = !left->wide;
	rotated.born = f->reg[was].born;
	if (was != op->dst && !f->reg[op->dst].is_read) { /* nobody minds if dst changes that early */
		f->reg[was] = fresh(f);
		shift->dst = op->dst;
	}
	f->reg[shift->dst] = rotated;
	op->kind = INSN_MOV64_X;
	op->a = OP_NO_REG;
	op->b = shift->dst;
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
	case INSN_JEQ64_K: op->kind = a && op->imm >= 0 ? INSN_JEQ32_K : INSN_JEQ64_K; break;
	case INSN_JNE64_K: op->kind = a && op->imm >= 0 ? INSN_JNE32_K : INSN_JNE64_K; break;
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
	u32 class = opcode_of(op) & 7;
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

static void fold_operands(struct fold *f, struct op *op, const struct insn *in)
{
	if (insn_is_access(in)) {
		fold_address(f, op, in);
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
	f->reg[op->dst] = v;
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
	narrow(f, op);
	if (is_joining(op))
		fold_rotate(f, op);
	fold_operands(f, op, in);
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
	if (insn_is_jump(in) && !(op->flags & OP_SELECT))
		note_reads(f, ~0u);
}

void ops_fold(struct ops *o)
{
	struct fold f = { .o = o };
	for (f.idx = 0; f.idx < o->p->insn_count; f.idx++) {
		u32 i = f.idx;
		if (o->marks[i] & MARK_START)
			f.always_u32 = op_trick(TRICK_NARROW) ? find_always_u32(o, i) : 0;
		if (o->marks[i] & (MARK_START | MARK_TARGET) || !insn_falls_through(&o->p->insns[i - 1]))
			forget(&f);
		if (o->op[i].kind != OP_GONE)
			fold_op(&f);
	}
}
