// SPDX-License-Identifier: MIT
// The JIT: what op.c makes of each eBPF instruction as machine code, with the meaning that interp.c defines.
// Here are the functions and the sizes; the rest is in jit_alu, jit_div, jit_mem, jit_jump, jit_call,
// jit_inline and jit_place.
//
// A program that calls a helper looks like this; leaves without a stack have neither frame nor leave.
//
//      nop5                    ; so that the program can itself be traced
//      push rbp
//      mov rbp, rsp
//      sub rsp, 16             ; its stack, as deep as it is used, and alignment
//      push rbx                ; callee-saved registers that it writes
//      ...
//      pop rbx
//      leave
//      ret
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "vm/jit/x86_64/parts.h"

/* Which register is which, and why:
 *   R0       RAX       both are where a call leaves its result
 *   R1..R5   RDI..R8   the SysV argument registers in their order: a helper call moves nothing
 *   R6..R9   callee-saved on both sides; RBX first, which needs no REX prefix at 32 bits, R13 last,
 *            which cannot be a base without a displacement byte; R12 would always cost a SIB byte
 *   R10      RBP       both are the frame pointer, and backtraces pass through
 * R9, R10 and R11 of x86 stand for nothing: scratch within one op. R9 is also the sixth argument of
 * helpers. R12 counts tail calls in programs that have them, and is never touched in others. */
const u8 jit_regs[JIT_REGS] = { RAX, RDI, RSI, RDX, RCX, R8, RBX, R14, R15, R13, RBP, R9 };

/* The longest translation of one instruction, a fetching atomic with prologue, is far below. */
#define INSN_CODE_MAX 256
#define CODE_MAX      (1 << 24) /* text_fixup.resume */

u32 jit_fixup(struct jit *j, u32 reg)
{
	if (!j->sizing)
		j->fixups[j->fixup_count] = (struct text_fixup){ .at = jit_here(j), .dst_reg = reg };
	return j->fixup_count++;
}

void jit_fixup_resume(struct jit *j, u32 index)
{
	if (!j->sizing)
		j->fixups[index].resume = jit_here(j);
}

/* ---- functions ---- */

/* What calls must have one, even if it uses no stack: kernel/cpu/x86_64/stack.c finds by it who is still
 * running (ORDER FRAMES). */
static bool has_frame(const struct flow_func *f)
{
	return f->uses_fp || f->calls;
}

static bool saves(const struct flow_func *f, u32 r)
{
	return f->writes & 1u << r;
}

/* Bytes below rbp before the saved registers: calls want rsp at a multiple of 16. */
static u32 frame_size(const struct flow_func *f)
{
	u32 size = align_up(f->stack, 8u);
	u32 pushed = 8 * __builtin_popcount(f->writes >> BPF_R6);
	return f->calls ? align_up(size + pushed, 16u) - pushed : size;
}

static void emit_prologue(struct jit *j)
{
	struct code *c = j->c;
	if (j->f.start == 0) {
		nop(c, SITE_LEN);
		if (j->p->facts.tail_calls)
			jit_emit_tail_entry(j);
		j->tail_at = jit_here(j);
	}
	if (has_frame(&j->f)) {
		push(c, RBP);
		mov_rr(c, RBP, RSP);
		if (frame_size(&j->f))
			sub_ri(c, RSP, frame_size(&j->f));
	}
	for (u32 r = BPF_R6; r <= BPF_R9; r++)
		if (saves(&j->f, r))
			push(c, jit_regs[r]);
}

void jit_emit_unwind(struct jit *j)
{
	struct code *c = j->c;
	for (u32 r = BPF_R9; r >= BPF_R6; r--)
		if (saves(&j->f, r))
			pop(c, jit_regs[r]);
	if (frame_size(&j->f) && has_frame(&j->f))
		leave(c);
	else if (has_frame(&j->f))
		pop(c, RBP);
}

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
	case CLASS_STX:
		if (opcode_of(op) == 0xc3 || opcode_of(op) == 0xdb)
			jit_emit_atomic(j, op);
		else
			jit_emit_store(j, op);
		break;
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

/* What the function needs is what is left of it. */
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
	emit_prologue(j);
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

/* One op at the end of the code, with the prologue if a function starts with it. */
static void emit_step(struct jit *j, u32 idx)
{
	emit_padding(j->c, j->ops[idx].pad);
	j->at[idx] = jit_here(j);
	if (j->marks[idx] & MARK_START)
		begin_function(j, idx);
	emit_op(j, idx);
}

/* ---- sizes ---- */

/* Every instruction's length with all jumps long, measured by writing each to the same scratch. */
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

u32 jit_end_of(const struct jit *j, u32 idx)
{
	return j->at[idx + 1] - (idx + 1 < j->p->insn_count ? j->ops[idx + 1].pad : 0);
}

/* Whether the jump can be short. Code only ever shrinks, so that distances measured on old offsets are
 * never less than what they will be. `gone` bytes lie no more before the end of the jump, if it is short. */
static bool fits_short(const struct jit *j, u32 idx, u32 gone)
{
	u32 target = op_target(&j->ops[idx], idx);
	i64 end = jit_end_of(j, idx);
	if (target > idx)
		return j->at[target] - end <= 127;
	return j->at[target] - (end - gone) >= -128;
}

/* Makes jumps short that can be, and moves what follows; false if there was none. */
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
		; /* most programs need two; what is left after eight stays long */
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
