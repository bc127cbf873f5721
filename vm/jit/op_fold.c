// SPDX-License-Identifier: MIT
// Walks a program from top to bottom and knows about each register what can be known between two jump
// targets: which others hold the same, of what sum or shift its value came, whether its upper half is 0.
// With that it gives each op the operands that need least work. What then is not needed any more,
// op_live.c takes out.
//
// Values have numbers: a new one whenever something new is computed. Two registers hold the same if the
// numbers of their values are equal; what was known about a number stays true until no register has it.
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/jit/op_fold.h"

static void forget(struct fold *f)
{
	for (u32 r = 0; r < BPF_REGS; r++) {
		f->reg[r] = value_new(f);
		f->reg[r].born = f->idx;
		f->reg[r].is_u32 = f->always_u32 & 1u << r;
	}
}

/* ---- shifts that need not have been ---- */

/* A register that holds what was shifted; OP_NO_REG if none does. If the shift was done in place, and its
 * result in reg went nowhere but into this op, it is taken back. */
static u32 unshifted(struct fold *f, const struct op *op, u32 reg)
{
	struct value *v = &f->reg[reg];
	const struct shifted s = v->shifted;
	u32 from = s.wide ? value_holder(f, s.of) : value_holder_low(f, s.of);
	if (from != OP_NO_REG || v->is_read || (reg != op->dst && op->live & 1u << reg))
		return from;
	struct op *shift = &f->o->op[v->born - 1];
	if (shift->dst != reg || shift->imm != s.count) /* it is a copy, or has become a sum */
		return OP_NO_REG;
	u32 born = v->born;
	shift->kind = INSN_MOV64_X;
	shift->b = shift->a;
	shift->a = OP_NO_REG;
	shift->imm = 0;
	if (shift->b == shift->dst)
		op_drop(shift);
	*v = value_new(f);
	v->born = born;
	if (s.wide)
		v->number = v->sum.base = s.of;
	else
		v->low = s.of;
	return reg;
}

/* What a shift to the left and one back by as much are together, without and with sign; OP_GONE: nothing. */
static u8 extension(const struct shifted *s, bool is_signed)
{
	switch (s->wide ? 64 - s->count : 32 - s->count) {
	case 8: return is_signed ? (s->wide ? INSN_MOVSX64_8 : INSN_MOVSX32_8) : INSN_AND32_K;
	case 16: return is_signed ? (s->wide ? INSN_MOVSX64_16 : INSN_MOVSX32_16) : INSN_AND32_K;
	case 32: return is_signed ? INSN_MOVSX64_32 : INSN_MOV32_X;
	default: return OP_GONE;
	}
}

/*      r3 = *(u8 *)(r1 +0)             movsx rdx, byte [rdi]
 *      r3 = (s8)r3                     gone                                            */
static void extend_load(struct fold *f, struct op *op)
{
	struct op *load = op - 1;
	while (load > f->o->op && load->kind == OP_GONE && !(f->o->marks[load - f->o->op] & MARK_TARGET))
		load--;
	bool is_8 = load->kind == INSN_LDX8 && op->kind == INSN_MOVSX64_8;
	bool is_16 = load->kind == INSN_LDX16 && op->kind == INSN_MOVSX64_16;
	bool is_32 = load->kind == INSN_LDX32 && op->kind == INSN_MOVSX64_32;
	if (!(is_8 || is_16 || is_32) || op->b != op->dst || load->dst != op->dst)
		return;
	load->kind = is_8 ? INSN_LDXS8 : is_16 ? INSN_LDXS16 : INSN_LDXS32;
	f->reg[op->dst] = value_new(f);
	op_drop(op);
}

/* C without instructions for it extends by two shifts:
 *      r3 <<= 56                       gone
 *      r3 s>>= 56                      movsx rdx, dl                                       */
static void fold_extension(struct fold *f, struct op *op)
{
	const struct shifted s = f->reg[op->a].shifted;
	bool is_signed = op->kind == (s.wide ? INSN_ARSH64_K : INSN_ARSH32_K);
	bool is_back = is_signed || op->kind == (s.wide ? INSN_RSH64_K : INSN_RSH32_K);
	if (!s.of || !s.left || s.count != op->imm || !is_back || !op_trick(TRICK_NARROW))
		return;
	u8 kind = extension(&s, is_signed);
	u32 from = kind == OP_GONE ? OP_NO_REG : unshifted(f, op, op->a);
	if (from == OP_NO_REG)
		return;
	op->kind = kind;
	op->a = kind == INSN_AND32_K ? (u8)from : OP_NO_REG;
	op->b = kind == INSN_AND32_K ? OP_NO_REG : (u8)from;
	op->imm = kind == INSN_AND32_K ? (i32)(s.wide ? ~0ull >> s.count : ~0u >> s.count) : 0;
	extend_load(f, op);
}

/* And scales such an index by shifting it back by less:
 *      r3 <<= 32                       w3 = w3
 *      r3 >>= 29                       r3 <<= 3                                        */
static void fold_scaled_extension(struct fold *f, struct op *op)
{
	struct value *v = &f->reg[op->a];
	const struct shifted s = v->shifted;
	bool is_less = s.of && s.left && s.wide && s.count == 32 && op->imm > 0 && op->imm < 32;
	if (op->kind != INSN_RSH64_K || !is_less || v->is_read || op->a != op->dst || !op_trick(TRICK_NARROW))
		return;
	struct op *shift = &f->o->op[v->born - 1];
	if (shift->kind != INSN_LSH64_K || shift->dst != op->dst || shift->imm != 32)
		return;
	shift->kind = INSN_MOV32_X;
	shift->b = shift->a;
	shift->a = OP_NO_REG;
	shift->imm = 0;
	u32 born = v->born;
	*v = value_new(f);
	v->born = born;
	v->is_u32 = true;
	op->kind = INSN_LSH64_K;
	op->imm = 32 - op->imm;
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
	case INSN_ADD32_X: return true;
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
	u32 of = value_holder(f, q->of), by = value_holder(f, q->by);
	bool is_needed = value_holder(f, q->number) != OP_NO_REG || f->reg[op->b].is_read ||
			 op->b == op->dst || op->live & 1u << op->b;
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
		op->a = (u8)value_instead(f, op->a, wide);
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
	case INSN_LE64: /* whose class is that of 32 bits */
	case INSN_BE64: return true;
	default: return class != CLASS_ALU32 && class != CLASS_JMP32;
	}
}

static void fold_operands(struct fold *f, struct op *op)
{
	if (op_is_access(op)) {
		sum_fold_address(f, op);
		if (op->b != op->dst) /* an atomic that fetches gives its result there */
			op->b = (u8)value_instead(f, op->b, is_wide(op));
		return;
	}
	if (op->b != OP_NO_REG)
		op->b = (u8)value_instead(f, op->b, is_wide(op));
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
	struct value v = value_new(f);
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
	bool is_u32 = op_writes_u32(op, in, mask_u32(f));
	bool is_sum = op->a != OP_NO_REG && sum_of_op(f, op, &s);
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
	sum_fold_address(f, op);
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
	if (op->a != OP_NO_REG) {
		fold_extension(f, op);
		if (op->a != OP_NO_REG)
			fold_scaled_extension(f, op);
	}
	if (op->kind == OP_GONE)
		return;
	narrow(f, op);
	if (is_joining(op))
		fold_rotate(f, op);
	if (op->kind == INSN_SUB64_X || op->kind == INSN_SUB32_X)
		fold_remainder(f, op);
	if (op->kind != OP_ELEMENT)
		fold_operands(f, op);
	if (op->kind == INSN_MOV64_X && f->reg[op->b].number == f->reg[op->dst].number) {
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
				f->reg[r] = value_new(f);
	if (op_is_branch(op) || op_is_goto(op))
		note_reads(f, ~0u);
}

void ops_fold(struct ops *o)
{
	struct fold f = { .o = o };
	for (f.idx = 0; f.idx < o->p->insn_count; f.idx++) {
		u32 i = f.idx;
		if (o->marks[i] & MARK_START)
			f.always_u32 = op_trick(TRICK_NARROW) ? ops_always_u32(o, i) : 0;
		if (o->marks[i] & (MARK_START | MARK_TARGET))
			forget(&f);
		if (o->op[i].kind != OP_GONE)
			fold_op(&f);
	}
}
