// SPDX-License-Identifier: MIT
// From instructions to ops: first each one alone, then the passes that look at its neighbours.
#include "kernel/mem/heap.h"
#include "vm/jit/op.h"

static void decode_alu(struct op *op, const struct insn *in)
{
	u32 operation = insn_operation(in);
	op->dst = in->dst;
	if (operation != ALU_MOV)
		op->a = in->dst;
	if (insn_takes_reg(in) && operation != ALU_NEG && operation != ALU_END)
		op->b = in->src;
}

static void decode_stx(struct op *op, const struct insn *in)
{
	op->a = in->dst;
	op->b = in->src;
	if (insn_is_atomic(in) && in->imm & ATOMIC_FETCH)
		op->dst = in->imm == ATOMIC_CMPXCHG ? BPF_R0 : in->src;
}

static void decode_jump(struct op *op, const struct insn *in)
{
	bool is_callx = insn_kind(in) == INSN_CALLX;
	if ((insn_is_call(in) && !is_callx) || insn_is_exit(in) || insn_is_goto(in))
		return;
	op->a = in->dst;
	if (insn_takes_reg(in) && !is_callx)
		op->b = in->src;
}

/* x86 orders loads after loads, and stores after all accesses. So both are plain loads and stores. */
static struct insn without_order(const struct insn *in)
{
	static const u8 plain[][2] = {
		{ INSN_LOAD_ACQ8, INSN_LDX8 },    { INSN_LOAD_ACQ16, INSN_LDX16 },
		{ INSN_LOAD_ACQ32, INSN_LDX32 },  { INSN_LOAD_ACQ64, INSN_LDX64 },
		{ INSN_STORE_REL8, INSN_STX8 },   { INSN_STORE_REL16, INSN_STX16 },
		{ INSN_STORE_REL32, INSN_STX32 }, { INSN_STORE_REL64, INSN_STX64 },
	};
	struct insn to = *in;
	for (u32 i = 0; insn_is_atomic(in) && i < array_len(plain); i++)
		if (insn_kind(in) == plain[i][0])
			to = (struct insn){ insn_rows[plain[i][1]].op, in->dst, in->src, in->off, 0 };
	return to;
}

static void decode(struct op *op, const struct insn *ordered)
{
	const struct insn plain = without_order(ordered), *in = &plain;
	op->kind = (u8)insn_kind(in);
	op->imm = in->imm;
	op->disp = insn_is_jump(in) ? (i32)insn_jump(in) : insn_is_access(in) ? in->off : 0;
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
}

/* A jump that has one way is none: what only the other leads to is dropped later. */
static void keep_ways(struct op *op, u8 ways)
{
	if (!op_is_branch(op) || ways == (WAY_ON | WAY_TAKEN))
		return;
	i32 disp = op->disp;
	op_drop(op);
	if (ways == WAY_TAKEN) {
		op->kind = INSN_JA;
		op->disp = disp;
	}
}

static void decode_all(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++) {
		o->op[i] =
		    (struct op){ .dst = OP_NO_REG, .a = OP_NO_REG, .b = OP_NO_REG, .index = OP_NO_REG };
		if (!(o->marks[i] & MARK_TAIL))
			decode(&o->op[i], &o->p->insns[i]);
		if (prog_is_proven(o->p))
			keep_ways(&o->op[i], o->p->proven[i].ways);
	}
}

struct op *ops_build(const struct prog *p, u8 *marks)
{
	struct ops o = { .p = p, .marks = marks, .op = kmalloc(p->insn_count * sizeof(*o.op)) };
	if (!o.op)
		return NULL;
	decode_all(&o);
	if (op_trick(TRICK_JUMP))
		ops_shorten_jumps(&o);
	ops_find_live(&o);
	ops_fold(&o);
	ops_find_live(&o);
	if (op_trick(TRICK_DEAD))
		ops_drop_dead(&o);
	return o.op;
}
