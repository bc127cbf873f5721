// SPDX-License-Identifier: MIT
// Walks a program from top to bottom. Between two jump targets it knows of each register: which others hold
// the same, which sum or shift made its value, and whether its upper half is 0. It rewrites each op to one
// that needs less work, with the operands that need least. Afterwards op_live.c removes the ops that are not
// needed any more.
#include "vm/run/helper.h"
#include "vm/run/map.h"
#include "vm/jit/op_fold.h"

static bool is_flat(const struct map *m)
{
	return (m->ops->type == BPF_MAP_TYPE_ARRAY || m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY) &&
	       m->stride <= 0x7fffffff && m->per_cpu_stride <= 0x7fffffff && m->max_entries <= 0x7fffffff;
}

/* Sets op to a load of the element's address, which is constant: the key is proven. */
static bool fold_known_key(struct fold *f, struct op *op, const struct map *m)
{
	const struct prog *p = f->o->p;
	const struct insn_fact *fact = prog_is_proven(p) ? &p->proven[f->idx] : NULL;
	if (!fact || !fact->has_key || fact->key >= m->max_entries || m->per_cpu_stride)
		return false;
	i64 at = (i64)(uptr)m->values + (i64)fact->key * m->stride;
	if (at != (i32)at)
		return false;
	op->kind = INSN_MOV64_K;
	op->dst = BPF_R0;
	op->imm = (i32)at;
	return true;
}

/*      r2 = r10                        gone
 *      r2 += -4                        gone
 *      r1 = map[id:1]                  gone
 *      call map_lookup_elem            r0 = the element with the index at [r10 - 4], or a constant */
static void fold_lookup(struct fold *f, struct op *op)
{
	const struct prog *p = f->o->p;
	const struct helper *h = helper_find((u32)op->imm);
	u32 map = op_map_of_call(p, f->o->marks, f->idx, BPF_R1);
	bool is_lookup = h && h->id == BPF_FUNC_map_lookup_elem && h->ret == RET_MAP_VALUE_OR_NULL;
	if (!is_lookup || !map || !is_flat(p->object->maps[map - 1]) ||
	    fold_known_key(f, op, p->object->maps[map - 1]))
		return;
	op->kind = OP_ELEMENT;
	op->dst = BPF_R0;
	op->a = BPF_R2;
	op->imm = (i32)map - 1;
}

/* Turns the shift that put its result into reg into a move. */
static void unshift(struct fold *f, u32 reg, enum insn_kind move)
{
	struct value *v = &f->reg[reg];
	u32 born = v->born;
	struct op *shift = &f->o->op[born - 1];
	shift->kind = (u8)move;
	shift->b = shift->a;
	shift->a = OP_NO_REG;
	shift->imm = 0;
	if (move == INSN_MOV64_X && shift->b == shift->dst)
		op_drop(shift);
	*v = value_new(f);
	v->born = born;
}

/* Returns a register that holds the value before the shift; OP_NO_REG if none does. If the shift changed
 * reg in place, and only this op reads its result, the shift is undone. */
static u32 unshifted(struct fold *f, const struct op *op, u32 reg)
{
	struct value *v = &f->reg[reg];
	const struct shifted s = v->shifted;
	u32 from = value_holder(f, s.of, s.wide);
	if (from != OP_NO_REG || v->is_read || (reg != op->dst && op->live & 1u << reg))
		return from;
	const struct op *shift = &f->o->op[v->born - 1];
	if (shift->dst != reg || shift->imm != s.count) /* it is a copy, or has become a sum */
		return OP_NO_REG;
	unshift(f, reg, INSN_MOV64_X);
	if (s.wide)
		v->number = v->sum.base = s.of;
	else
		v->low = s.of;
	return reg;
}

/* Returns the op that equals a shift to the left and one back by as much; OP_GONE if there is none. */
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
	static const u8 rows[][3] = { { INSN_LDX8, INSN_MOVSX64_8, INSN_LDXS8 },
				      { INSN_LDX16, INSN_MOVSX64_16, INSN_LDXS16 },
				      { INSN_LDX32, INSN_MOVSX64_32, INSN_LDXS32 } };
	struct op *load = op - 1;
	while (load > f->o->op && load->kind == OP_GONE && !(f->o->marks[load - f->o->op] & MARK_TARGET))
		load--;
	u8 kind = OP_GONE;
	for (u32 i = 0; i < array_len(rows); i++)
		if (load->kind == rows[i][0] && op->kind == rows[i][1])
			kind = rows[i][2];
	if (kind == OP_GONE || op->b != op->dst || load->dst != op->dst)
		return;
	load->kind = kind;
	f->reg[op->dst] = value_new(f);
	op_drop(op);
}

/* clang extends by two shifts where eBPF has no instruction for it:
 *      r3 <<= 56                       gone
 *      r3 s>>= 56                      movsx rdx, dl                                       */
static void fold_extension(struct fold *f, struct op *op)
{
	const struct shifted s = f->reg[op->a].shifted;
	bool is_signed = op->kind == (s.wide ? INSN_ARSH64_K : INSN_ARSH32_K);
	bool is_back = is_signed || op->kind == (s.wide ? INSN_RSH64_K : INSN_RSH32_K);
	if (!s.of || !s.left || s.count != op->imm || !is_back)
		return;
	u8 kind = extension(&s, is_signed);
	u32 from = kind == OP_GONE ? OP_NO_REG : unshifted(f, op, op->a);
	if (from == OP_NO_REG)
		return;
	op->kind = kind;
	if (kind == INSN_AND32_K) {
		op->a = (u8)from;
		op->imm = (i32)(s.wide ? ~0ull >> s.count : ~0u >> s.count);
		return;
	}
	op->a = OP_NO_REG;
	op->b = (u8)from;
	op->imm = 0;
	extend_load(f, op);
}

/* clang scales such an index by a shift back by less:
 *      r3 <<= 32                       w3 = w3
 *      r3 >>= 29                       r3 <<= 3                                        */
static void fold_scaled_extension(struct fold *f, struct op *op)
{
	const struct value *v = &f->reg[op->a];
	const struct shifted s = v->shifted;
	bool is_less = s.of && s.left && s.wide && s.count == 32 && op->imm > 0 && op->imm < 32;
	if (!is_less || v->is_read || op->a != op->dst)
		return;
	const struct op *shift = &f->o->op[v->born - 1];
	if (shift->kind != INSN_LSH64_K || shift->dst != op->dst || shift->imm != 32)
		return;
	unshift(f, op->dst, INSN_MOV32_X);
	f->reg[op->dst].is_u32 = true;
	op->kind = INSN_LSH64_K;
	op->imm = 32 - op->imm;
}

/* A jump that a constant decides:
 *      r0 = 0xffffffff8ffc9000         r0 = 0xffffffff8ffc9000
 *      if r0 == 0 goto                 gone                                            */
static void decide(struct fold *f, struct op *op)
{
	const struct sum *s = &f->reg[op->a].sum;
	if (s->base || s->index)
		return;
	bool is_taken = (s->disp == op->imm) == (op->kind == INSN_JEQ64_K);
	i32 disp = op->disp;
	op_drop(op);
	if (is_taken) {
		op->kind = INSN_JA;
		op->disp = disp;
	}
}

static bool has_u32(const struct fold *f, u32 reg)
{
	return reg == OP_NO_REG || f->reg[reg].is_u32;
}

/*      w3 = w3                         gone, if the upper half is 0
 *      r3 /= 10                        at 32 bits, if it is                                */
static void narrow(struct fold *f, struct op *op)
{
	bool is_imm_u32 = op->b != OP_NO_REG || op->imm > 0;
	if (!has_u32(f, op->a) || !has_u32(f, op->b) || !is_imm_u32)
		return;
	switch (op->kind) {
	case INSN_MOV32_X: op->kind = INSN_MOV64_X; break;
	case INSN_DIV64_K: op->kind = INSN_DIV32_K; break;
	case INSN_DIV64_X: op->kind = INSN_DIV32_X; break;
	case INSN_MOD64_K: op->kind = INSN_MOD32_K; break;
	case INSN_MOD64_X: op->kind = INSN_MOD32_X; break;
	case INSN_JEQ64_K: op->kind = INSN_JEQ32_K; break;
	case INSN_JNE64_K: op->kind = INSN_JNE32_K; break;
	}
}

/* Whether the two are the halves of a rotated value: x << n and x >> (bits - n). */
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
	if (!are_halves(&d, &b) || (d.wide && op_class(op) == CLASS_ALU32))
		return;
	u32 from = unshifted(f, op, f->reg[op->dst].born > f->reg[op->b].born ? op->dst : op->b);
	if (from == OP_NO_REG)
		return;
	op->kind = d.wide ? OP_ROL64 : OP_ROL32;
	op->a = (u8)from;
	op->b = OP_NO_REG;
	op->imm = d.left ? d.count : b.count;
}

/* clang computes a % b by a division:
 *      r4 = r2                         gone
 *      r4 /= r3                        gone
 *      r4 *= r3                        gone
 *      r1 = r2                         gone
 *      r1 -= r4                        r1 = r2 % r3                                        */
static void fold_remainder(struct fold *f, struct op *op)
{
	const struct quotient *q = &f->reg[op->b].quotient;
	if (!q->is_product || !quotient_has_width(op, q, INSN_SUB64_X, INSN_SUB32_X))
		return;
	u32 of = value_holder(f, q->of, true), by = value_holder(f, q->by, true);
	bool is_needed = value_holder(f, q->number, true) != OP_NO_REG || f->reg[op->b].is_read ||
			 op->b == op->dst || op->live & 1u << op->b;
	if (f->reg[op->a].number != q->of || of == OP_NO_REG || by == OP_NO_REG || is_needed)
		return;
	op->kind = q->kind - INSN_DIV32_K + INSN_MOD32_K; /* ORDER DIVISIONS */
	op->a = (u8)of;
	op->b = (u8)by;
}

/* The order matters: a row can rewrite an op to one that a later row takes. */
static const struct rewrite {
	u8 kinds[8]; /* the kinds of op that it takes; 0 ends the list */
	enum op_trick trick;
	void (*rewrite)(struct fold *f, struct op *op);
} rewrites[] = {
	{ { INSN_CALL }, TRICK_ELEMENT, fold_lookup },
	{ { INSN_RSH64_K, INSN_RSH32_K, INSN_ARSH64_K, INSN_ARSH32_K }, TRICK_NARROW, fold_extension },
	{ { INSN_RSH64_K }, TRICK_NARROW, fold_scaled_extension },
	{ { INSN_JEQ64_K, INSN_JNE64_K }, TRICK_ELEMENT, decide },
	{ { INSN_MOV32_X, INSN_DIV64_K, INSN_DIV64_X, INSN_MOD64_K, INSN_MOD64_X, INSN_JEQ64_K,
	    INSN_JNE64_K },
	  TRICK_NARROW,
	  narrow },
	{ { INSN_OR64_X, INSN_XOR64_X, INSN_ADD64_X, INSN_OR32_X, INSN_XOR32_X, INSN_ADD32_X },
	  TRICK_ROTATE,
	  fold_rotate },
	{ { INSN_SUB64_X, INSN_SUB32_X }, TRICK_REMAINDER, fold_remainder },
};

static bool is_among(u8 kind, const u8 *kinds)
{
	while (*kinds && *kinds != kind)
		kinds++;
	return *kinds;
}

static void rewrite_op(struct fold *f, struct op *op)
{
	for (u32 i = 0; i < array_len(rewrites); i++)
		if (op_trick(rewrites[i].trick) && is_among(op->kind, rewrites[i].kinds))
			rewrites[i].rewrite(f, op);
}

/* Chooses the first operand. If it is the destination, an older register is better only if nothing else
 * reads the copy, so that the copy goes. */
static void fold_first(const struct fold *f, struct op *op, bool wide)
{
	if (op->a != op->dst || !f->reg[op->a].is_read)
		op->a = (u8)value_instead(f, op->a, wide);
}

/* Whether the op reads all 64 bits of its operands. */
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
	if (op_is_access(op) || op->kind == OP_ELEMENT) {
		sum_fold_address(f, op);
		if (op->b != op->dst) /* an atomic that fetches puts its result there */
			op->b = (u8)value_instead(f, op->b, is_wide(op));
		return;
	}
	if (op->b != OP_NO_REG)
		op->b = (u8)value_instead(f, op->b, is_wide(op));
	if (op->a != OP_NO_REG)
		fold_first(f, op, is_wide(op));
}

static void note_reads(struct fold *f, u32 mask)
{
	for (u32 r = 0; r < BPF_REGS; r++)
		f->reg[r].is_read |= mask >> r & 1;
}

/* Notes what the registers hold after the op, and which values it has read. */
static void note_op(struct fold *f, const struct op *op)
{
	u32 writes = op_writes(op);
	note_reads(f, op_is_branch(op) || op_is_goto(op) ? ~0u : op_reads(op) & ~writes);
	if (op->dst != OP_NO_REG) {
		f->reg[op->dst] = value_of_op(f, op);
		return;
	}
	for (u32 r = 0; r < BPF_REGS; r++)
		if (writes & 1u << r)
			f->reg[r] = value_new(f);
}

static void fold_op(struct fold *f)
{
	struct op *op = &f->o->op[f->idx];
	rewrite_op(f, op);
	if (op->kind == OP_GONE)
		return;
	fold_operands(f, op);
	if (op->kind == INSN_MOV64_X && f->reg[op->b].number == f->reg[op->dst].number)
		op_drop(op);
	else
		note_op(f, op);
}

static void forget(struct fold *f)
{
	for (u32 r = 0; r < BPF_REGS; r++) {
		f->reg[r] = value_new(f);
		f->reg[r].born = f->idx;
		f->reg[r].is_u32 = f->always_u32 & 1u << r;
	}
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
