// SPDX-License-Identifier: MIT
// Jumps that need not be: to another jump, around another jump, over very little.
#include "vm/op.h"

bool op_is_branch(const struct op *op)
{
	return op->kind >= INSN_JEQ64_K && op->kind <= INSN_JSLE32_X && !(op->flags & (OP_SELECT | OP_SET));
}

static void set_target(struct ops *o, u32 idx, u32 target)
{
	o->op[idx].disp = (i32)(target - (idx + 1));
}

static bool is_jump(const struct op *op)
{
	return op_is_goto(op) || op_is_branch(op);
}

static bool is_marked(const struct ops *o, u32 idx)
{
	return o->marks[idx] & (MARK_TARGET | MARK_START);
}

/* Only jumps that are still jumps lead somewhere. */
static void mark_targets(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		o->marks[i] &= (u8)~MARK_TARGET;
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (is_jump(&o->op[i]))
			o->marks[op_target(&o->op[i], i)] |= MARK_TARGET;
}

/* ---- jumps to and around jumps ---- */

/* Where a jump to idx ends; an endless loop of jumps ends anywhere in it. */
#define HOPS_MAX 8
static u32 last_target(const struct ops *o, u32 idx)
{
	for (u32 i = 0; i < HOPS_MAX && op_is_goto(&o->op[idx]); i++)
		idx = op_target(&o->op[idx], idx);
	return idx;
}

/* The jump on the opposite condition; OP_GONE for jset, which has none. */
static u8 opposite_jump(u8 kind)
{
	static const u8 families[] = {
		INSN_JNE64_K,  INSN_JLE64_K, INSN_JLT64_K, OP_GONE,       INSN_JEQ64_K,  INSN_JSLE64_K,
		INSN_JSLT64_K, INSN_JGE64_K, INSN_JGT64_K, INSN_JSGE64_K, INSN_JSGT64_K,
	};
	u8 first = families[(kind - INSN_JEQ64_K) / 4];
	return first == OP_GONE ? OP_GONE : first + (kind - INSN_JEQ64_K) % 4;
}

/*      if r1 > r2 goto +1              if r1 <= r2 goto L
 *      goto L                          gone                                            */
static void invert(struct ops *o, u32 idx)
{
	struct op *op = &o->op[idx];
	if (op_target(op, idx) != idx + 2 || !op_is_goto(&op[1]) || is_marked(o, idx + 1))
		return;
	u8 kind = opposite_jump(op->kind);
	if (kind == OP_GONE)
		return;
	op->kind = kind;
	set_target(o, idx, op_target(&op[1], idx + 1));
	op_drop(&op[1]);
}

/* clang makes several selects by one condition into as many jumps by it. */
static bool is_same_condition(const struct op *x, const struct op *y)
{
	return x->kind == y->kind && x->a == y->a && x->b == y->b && x->imm == y->imm;
}

/* Where one jump leads, the next by the same condition is taken, too:
 *      if r1 == 1 goto A               if r1 == 1 goto B
 *      ...                             ...
 *   A: if r1 == 1 goto B            A: if r1 == 1 goto B                                    */
static void follow(struct ops *o, u32 idx)
{
	u32 target = op_target(&o->op[idx], idx);
	for (u32 i = 0; i < HOPS_MAX && is_same_condition(&o->op[idx], &o->op[target]) && target != idx; i++)
		target = op_target(&o->op[target], target);
	set_target(o, idx, target);
}

/* And behind a jump that was not taken, no other by the same condition is. */
#define LOOK_AHEAD 8
static void drop_repeated(struct ops *o, u32 idx)
{
	const struct op *op = &o->op[idx];
	u32 needed = op_reads(op);
	for (u32 i = idx + 1; i <= idx + LOOK_AHEAD && i < o->p->insn_count && !is_marked(o, i); i++) {
		if (is_same_condition(op, &o->op[i]))
			op_drop(&o->op[i]);
		if (op_writes(&o->op[i]) & needed || op_is_goto(&o->op[i]) || o->op[i].kind == INSN_EXIT)
			return;
	}
}

/* What follows a goto or an exit, up to the next target. */
static void drop_unreachable(struct ops *o)
{
	bool reached = true;
	for (u32 i = 0; i < o->p->insn_count; i++) {
		reached |= is_marked(o, i);
		if (!reached)
			op_drop(&o->op[i]);
		if (o->op[i].kind == INSN_EXIT || op_is_goto(&o->op[i]))
			reached = false;
	}
}

void ops_shorten_jumps(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (is_jump(&o->op[i]))
			set_target(o, i, last_target(o, op_target(&o->op[i], i)));
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (op_is_branch(&o->op[i]))
			invert(o, i);
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (op_is_branch(&o->op[i]))
			follow(o, i);
	mark_targets(o);
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (op_is_branch(&o->op[i]))
			drop_repeated(o, i);
	mark_targets(o);
	drop_unreachable(o);
	mark_targets(o);
}

/* ---- selects ---- */

/* What costs so little that it can be done in vain, and cannot fail. An address in the stack stays behind its
 * jump: how deep the stack is used follows from where jumps lead (flow_function). */
static bool is_cheap(const struct op *op)
{
	u32 class = op_class(op), code = opcode_of(op) & 0xf0;
	bool is_local = op_reads(op) & 1 << BPF_FP;
	return (class == CLASS_ALU32 || class == CLASS_ALU64) && code != 0x30 && code != 0x90 && !is_local;
}

/* Whether the op can be done before the jump although the jump leads past it: nobody there, nor the jump
 * itself, looks at its result. */
static bool can_go_first(const struct ops *o, const struct op *op, u32 jump)
{
	u32 target = op_target(&o->op[jump], jump);
	u32 needed = op_live_before(&o->op[target]) | op_reads(&o->op[jump]);
	return !(op_writes(op) & needed);
}

/* How many ops the jump skips, if they are cheap and what remains of the jump is nothing; else 0. The goto
 * that may follow them leads where the jump does. */
#define SKIPPED_MAX 3
static u32 skipped(const struct ops *o, u32 jump)
{
	u32 target = op_target(&o->op[jump], jump), end = jump + 1;
	while (end <= jump + SKIPPED_MAX && end < o->p->insn_count && is_cheap(&o->op[end]) &&
	       !is_marked(o, end))
		end++;
	bool joins = end == target || (end < o->p->insn_count && !is_marked(o, end) &&
				       op_is_goto(&o->op[end]) && op_target(&o->op[end], end) == target);
	return joins ? end - (jump + 1) : 0;
}

/* The op before idx that wrote the register, if no jump leads in between; NULL if it is further away. */
#define LOOK_BACK 6
static const struct op *writer(const struct ops *o, u32 idx, u32 reg)
{
	for (u32 i = 0; i < LOOK_BACK && idx > 0 && !is_marked(o, idx); i++) {
		const struct op *op = &o->op[--idx];
		if (op_writes(op) & 1u << reg)
			return op;
	}
	return NULL;
}

static bool is_constant(const struct op *op)
{
	return op && (op->kind == INSN_MOV32_K || op->kind == INSN_MOV64_K);
}

/* What a comparison in C gives as a number:
 *      w3 = 1                          gone
 *      if r1 == 9 goto +1              xor edx, edx; cmp rdi, 9; sete dl
 *      w3 = 0                          gone                                            */
static bool make_set(struct ops *o, u32 jump)
{
	struct op *op = &o->op[jump], *last = &op[1];
	const struct op *first = writer(o, jump, last->dst);
	if (!is_constant(last) || !is_constant(first))
		return false;
	bool is_direct = first->imm == 1 && last->imm == 0, is_opposite = first->imm == 0 && last->imm == 1;
	u8 kind = is_direct ? op->kind : opposite_jump(op->kind);
	if ((!is_direct && !is_opposite) || kind == OP_GONE)
		return false;
	op->kind = kind;
	op->flags |= OP_SET;
	op->dst = last->dst;
	op_drop(last);
	return true;
}

static bool is_one_bit(const struct op *op)
{
	return op && (op->kind == INSN_AND32_K || op->kind == INSN_AND64_K) &&
	       !((u32)op->imm & ((u32)op->imm - 1));
}

/* Whether nobody can tell beforehand if the jump is taken, so that a jump would often be foretold wrong. A
 * guess, but a good one: of two numbers either can be the larger, and a bit or a sign can be set or not;
 * equality is rare, and limits that are constants are seldom met. Where a jump is foretold right it costs
 * nothing, while a select waits for both its values. */
static bool is_open(const struct ops *o, u32 jump)
{
	const struct op *op = &o->op[jump];
	bool has_b = op->b != OP_NO_REG;
	switch (insn_rows[op->kind].op & 0xf0) {
	case 0x10: /* jeq, jne */
	case 0x50: return !has_b && op->imm == 0 && is_one_bit(writer(o, jump, op->a));
	case 0x40: return true;
	case 0x60: /* jsgt, jsle */
	case 0xd0: return has_b || op->imm == -1;
	case 0x70: /* jsge, jslt */
	case 0xc0: return has_b || op->imm == 0;
	default: return has_b;
	}
}

/* A jump over one op, or over more of which only the last one's result is needed:
 *      if r1 > r2 goto +1                  cmp rdi, rsi
 *      r3 = r4                             cmovbe rdx, rcx                             */
static void find_select(struct ops *o, u32 jump)
{
	u32 count = skipped(o, jump), last = jump + count;
	if (count == 1 && make_set(o, jump))
		return;
	if (!count || !(is_open(o, jump) || (count == 1 && is_constant(writer(o, jump, o->op[last].dst)))))
		return;
	for (u32 i = jump + 1; i < last; i++)
		if (!can_go_first(o, &o->op[i], jump))
			return;
	struct op select = o->op[jump];
	for (u32 i = jump; i + 1 < last; i++) {
		o->op[i] = o->op[i + 1];
		o->op[i].live |= op_live_before(&select); /* can_go_first of a jump to here will ask */
	}
	select.flags |= OP_SELECT;
	o->op[last - 1] = select;
	o->op[last].flags |= OP_WHEN;
}

void ops_find_selects(struct ops *o)
{
	for (u32 i = 0; i < o->p->insn_count; i++)
		if (op_is_branch(&o->op[i]))
			find_select(o, i);
	mark_targets(o);
}
