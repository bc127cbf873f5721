// SPDX-License-Identifier: MIT
// From instructions to ops.
#include "vm/op.h"
#include "kernel/heap.h"

u32 op_tricks_off;

_Static_assert(OP_KINDS <= 256, "struct op has one byte for the kind");

#define CALL_READS  0x3e /* R1 to R5 */
#define CALL_WRITES 0x3f

static u32 bit(u32 reg)
{
	return reg == OP_NO_REG ? 0 : 1u << reg;
}

static u8 opcode(const struct op *op)
{
	return op->kind < INSN_KINDS ? insn_rows[op->kind].op : 0;
}

static bool is_call(const struct op *op)
{
	return opcode(op) == 0x85 || opcode(op) == 0x8d;
}

u32 op_reads(const struct op *op)
{
	u32 reads = bit(op->a) | bit(op->b) | bit(op->index);
	if (op->flags & OP_WHEN)
		reads |= bit(op->dst);
	if (is_call(op))
		reads |= CALL_READS;
	else if (op->kind == INSN_EXIT || op->kind == INSN_ATOMIC_CMPXCHG32 ||
		 op->kind == INSN_ATOMIC_CMPXCHG64)
		reads |= 1 << BPF_R0;
	return reads;
}

u32 op_writes(const struct op *op)
{
	return is_call(op) ? CALL_WRITES : bit(op->dst);
}

/* ---- one instruction ---- */

static void decode_alu(struct op *op, const struct insn *in)
{
	bool is_mov = (in->op & 0xf0) == 0xb0, is_unary = (in->op & 0xf0) == 0x80 || (in->op & 0xf0) == 0xd0;
	op->dst = in->dst;
	if (!is_mov)
		op->a = in->dst;
	if (in->op & 8 && !is_unary)
		op->b = in->src;
}

static void decode_jump(struct op *op, const struct insn *in)
{
	if (in->op == 0x8d) {
		op->a = in->dst;
	} else if (!insn_is_call(in) && !insn_is_exit(in) && !insn_is_goto(in)) {
		op->a = in->dst;
		if (in->op & 8)
			op->b = in->src;
	}
}

static void decode_stx(struct op *op, const struct insn *in)
{
	op->a = in->dst;
	op->b = in->src;
	if (insn_is_atomic(in) && in->imm & 1)
		op->dst = in->imm == 0xf1 ? BPF_R0 : in->src;
}

static void decode(struct op *op, const struct insn *in)
{
	*op = (struct op){ .kind = (u8)insn_kind(in), .imm = in->imm };
	op->dst = op->a = op->b = op->index = OP_NO_REG;
	switch (insn_class(in)) {
	case CLASS_LD: op->dst = in->dst; break;
	case CLASS_LDX:
		op->dst = in->dst;
		op->a = in->src;
		break;
	case CLASS_ST: op->a = in->dst; break;
	case CLASS_STX: decode_stx(op, in); break;
	case CLASS_ALU32:
	case CLASS_ALU64: decode_alu(op, in); break;
	default: decode_jump(op, in); break;
	}
	if (insn_is_access(in))
		op->disp = in->off;
}

/* ---- liveness ---- */

struct build {
	const struct prog *p;
	u8 *marks;
	struct op *ops;
};

static u32 live_before(const struct op *op)
{
	u32 written = op->flags & OP_WHEN ? 0 : op_writes(op);
	return op_reads(op) | (op->live & ~written);
}

/* What is live after op idx, as far as it is known by now. */
static u32 live_after(const struct build *b, u32 idx)
{
	const struct op *op = &b->ops[idx];
	const struct insn *in = &b->p->insns[idx];
	u32 live = 0;
	if (op->kind == INSN_EXIT)
		return 0;
	if (op->kind != INSN_JA && op->kind != INSN_JA32)
		live = live_before(op + 1);
	if (op->kind != OP_GONE && insn_is_jump(in) && !(op->flags & OP_SELECT))
		live |= live_before(&b->ops[(i64)idx + 1 + insn_jump(in)]);
	return live;
}

/* One backward pass over all; whether anything became live that was not. */
static bool live_pass(struct build *b)
{
	bool changed = false;
	for (u32 i = b->p->insn_count; i-- > 0;) {
		u32 live = live_after(b, i);
		changed |= live != b->ops[i].live;
		b->ops[i].live = (u16)live;
	}
	return changed;
}

/* Each pass carries what is live over one more loop, from the inner to the outer. Programs need as many
 * as their loops nest, and two; what has not settled then counts as live everywhere. */
#define LIVE_PASSES 32
static void find_live(struct build *b)
{
	for (u32 i = 0; i < LIVE_PASSES; i++)
		if (!live_pass(b))
			return;
	for (u32 i = 0; i < b->p->insn_count; i++)
		b->ops[i].live = (1 << BPF_REGS) - 1;
}

struct op *ops_build(const struct prog *p, u8 *marks)
{
	struct build b = { .p = p, .marks = marks, .ops = kmalloc(p->insn_count * sizeof(*b.ops)) };
	if (!b.ops)
		return NULL;
	for (u32 i = 0; i < p->insn_count; i++) {
		decode(&b.ops[i], &p->insns[i]);
		if (marks[i] & MARK_TAIL)
			b.ops[i].kind = OP_GONE;
	}
	find_live(&b);
	return b.ops;
}
