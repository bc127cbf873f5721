// SPDX-License-Identifier: MIT
// The JIT's driver: turns the ops of vm/jit into machine code that does what interp.c defines. It passes each
// op to the part that writes it, and settles the sizes. The parts:
//
//      parts.c     what all share: registers, operands, fixups
//      function.c  how a function begins and ends
//      alu.c, div.c, times.c   arithmetic; mem.c  loads and stores; jump.c; call.c
//      inline.c    code in place of a call
//      place.c     where loops lie
#include "kernel/mem/heap.h"
#include "vm/jit/x86_64/parts.h"

/* More than the longest code of one instruction: an atomic that fetches, with a prologue. */
#define INSN_CODE_MAX 256
#define CODE_MAX      (1 << 24) /* text_fixup.resume */

static void emit_exit(struct jit *j)
{
	jit_emit_unwind(j);
	ret(j->c);
}

static void emit_call_or_jump(struct jit *j, const struct op *op, u32 idx)
{
	const struct insn *in = &j->p->insns[idx];
	if (op->kind == INSN_EXIT)
		emit_exit(j);
	else if (op->kind == INSN_CALL)
		jit_emit_helper(j, in, idx);
	else if (op->kind == INSN_CALL_KFUNC)
		jit_emit_kfunc(j, in);
	else if (op->kind == INSN_CALL_LOCAL)
		jit_emit_local_call(j, in, idx);
	else if (op->kind == INSN_CALLX)
		jit_emit_callx(j, jit_regs[op->a]);
	else
		jit_emit_jump(j, op, idx);
}

static void emit_kind(struct jit *j, const struct op *op, u32 idx)
{
	if (op->kind >= INSN_KINDS) {
		(op->kind == OP_ELEMENT ? jit_emit_element : jit_emit_alu)(j, op);
		return;
	}
	switch (op_class(op)) {
	case CLASS_ALU32:
	case CLASS_ALU64: jit_emit_alu(j, op); break;
	case CLASS_LD: jit_emit_imm64(j, op, idx); break;
	case CLASS_LDX: jit_emit_load(j, op); break;
	case CLASS_ST: jit_emit_store(j, op); break;
	case CLASS_STX: (op_is_atomic(op) ? jit_emit_atomic : jit_emit_store)(j, op); break;
	case CLASS_JMP:
	case CLASS_JMP32: emit_call_or_jump(j, op, idx); break;
	}
}

static void emit_op(struct jit *j, u32 idx)
{
	j->idx = idx;
	if (j->ops[idx].kind != OP_GONE)
		emit_kind(j, &j->ops[idx], idx);
}

/* Only the ops that are left decide what the function needs. */
static void begin_function(struct jit *j, u32 idx)
{
	u32 reads = 0, writes = 0;
	flow_function(&j->f, j->p, j->marks, idx);
	for (u32 i = idx; i < j->f.end; i++) {
		if (j->ops[i].kind == OP_GONE)
			continue;
		reads |= op_reads(&j->ops[i]);
		writes |= op_writes(&j->ops[i]);
	}
	j->f.writes = writes;
	j->f.uses_fp = reads >> BPF_FP & 1;
	jit_emit_prologue(j);
	j->body = jit_here(j);
}

#define NOP_MAX 9
static void emit_padding(struct code *c, u32 len)
{
	for (; len > NOP_MAX; len -= NOP_MAX)
		nop(c, NOP_MAX);
	if (len)
		nop(c, len);
}

/* Appends the code of one op; before it the prologue, if a function starts there. */
static void emit_step(struct jit *j, u32 idx)
{
	emit_padding(j->c, j->ops[idx].pad);
	j->at[idx] = jit_here(j);
	if (j->marks[idx] & MARK_START)
		begin_function(j, idx);
	emit_op(j, idx);
}

/* Measures the length of each instruction's code, with all jumps long: writes each to the same scratch. */
static void measure(struct jit *j)
{
	u8 scratch[INSN_CODE_MAX];
	struct code c = { .buf = scratch, .cap = sizeof(scratch) };
	j->c = &c;
	j->sizing = true;
	for (u32 i = 0; i < j->p->insn_count; i++) {
		emit_step(j, i);
		j->origin -= c.len;
		c.len = 0;
	}
	j->at[j->p->insn_count] = jit_here(j);
	j->sizing = false;
}

/* Whether the jump can be short. Code only shrinks, so a distance between old offsets is never too small.
 * `gone` is how many bytes before the end of the jump are gone if it is short. */
static bool fits_short(const struct jit *j, u32 idx, u32 gone)
{
	u32 target = op_target(&j->ops[idx], idx);
	i64 end = jit_end_of(j, idx);
	if (target > idx)
		return j->at[target] - end <= 127;
	return j->at[target] - (end - gone) >= -128;
}

/* Makes those jumps short that can be, and moves what follows; false if none can. */
static bool shrink(struct jit *j)
{
	u32 removed = 0, count = j->p->insn_count;
	for (u32 i = 0; i < count; i++) {
		const struct op *op = &j->ops[i];
		bool is_long = !(j->marks[i] & MARK_SHORT) && jit_is_jump(op);
		u32 saving = jit_jump_saving(op);
		bool now_short = is_long && fits_short(j, i, removed + saving);
		j->at[i] -= removed;
		if (now_short) {
			j->marks[i] |= MARK_SHORT;
			removed += saving;
		}
	}
	j->at[count] -= removed;
	return removed > 0;
}

enum err jit_begin(struct jit *j, const struct prog *p)
{
	*j = (struct jit){ .p = p };
	j->marks = flow_marks(p);
	j->at = kzalloc((p->insn_count + 1) * sizeof(*j->at));
	if (!j->marks || !j->at)
		goto no_memory;
	j->ops = ops_build(p, j->marks);
	if (!j->ops)
		goto no_memory;
	measure(j);
	jit_place_begin(j);
	for (u32 rounds = 0; rounds < 8 && shrink(j); rounds++)
		; /* most programs need two; jumps that are long after eight stay long */
	jit_place_end(j);
	j->len = j->at[p->insn_count];
	if (j->len >= CODE_MAX) {
		jit_end(j);
		return E2BIG;
	}
	j->fixups = kzalloc(max(j->fixup_count, 1u) * sizeof(*j->fixups));
	if (!j->fixups)
		goto no_memory;
	return OK;

no_memory:
	jit_end(j);
	return ENOMEM;
}

enum err jit_emit(struct jit *j, struct code *c)
{
	j->c = c;
	j->origin = c->len;
	j->fixup_count = 0;
	for (u32 i = 0; i < j->p->insn_count; i++)
		emit_step(j, i);
	return c->err;
}

void jit_end(struct jit *j)
{
	kfree(j->marks);
	kfree(j->ops);
	kfree(j->at);
	kfree(j->fixups);
	j->marks = NULL;
	j->ops = NULL;
	j->at = NULL;
	j->fixups = NULL;
}
