/* SPDX-License-Identifier: MIT */
/* What the parts of the JIT share: registers and questions about an op, and each part's functions. */
#pragma once
#include "kernel/lib/x86.h"
#include "vm/run/helper.h"
#include "vm/jit/x86_64/jit.h"

/* The x86 register that holds each eBPF register. */
extern const u8 jit_regs[BPF_REGS];

/* The offset of the next byte that is written. */
static inline notrace u32 jit_here(const struct jit *j)
{
	return j->c->len - j->origin;
}

/* The x86 registers of an op, which must have them. */
static inline notrace enum reg jit_dst(const struct op *op)
{
	return jit_regs[op->dst];
}

static inline notrace enum reg jit_a(const struct op *op)
{
	return jit_regs[op->a];
}

static inline notrace enum reg jit_b(const struct op *op)
{
	return jit_regs[op->b];
}

static inline notrace bool jit_has_b(const struct op *op)
{
	return op->b != OP_NO_REG;
}

/* Whether Rn can be read after the op. */
static inline notrace bool jit_is_live(const struct op *op, u32 n)
{
	return op->live >> n & 1 || !op_trick(TRICK_FREE);
}

static inline notrace bool jit_use_bmi2(void)
{
	return jit_has_bmi2 && op_trick(TRICK_BMI2);
}

/* Returns the number that tells an instruction from others of its opcode: imm of atomics and byte swaps, 1
 * for signed division, the width of movsx. 0 if the op has no instruction. */
static inline notrace i32 jit_variant(const struct op *op)
{
	return op->kind < INSN_KINDS ? insn_rows[op->kind].value : 0;
}

static inline notrace bool jit_is_64(const struct op *op)
{
	u32 class = op_class(op);
	return class == CLASS_ALU64 || class == CLASS_JMP;
}

static inline notrace void jit_zero(struct code *c, enum reg r)
{
	xor_rr32(c, r, r);
}

static inline notrace void jit_load_imm(struct code *c, enum reg r, i64 v)
{
	if (v == 0)
		jit_zero(c, r);
	else
		mov_ri(c, r, v);
}

/* d = s, cut to 32 bits if not wide. */
static inline notrace void jit_copy(struct code *c, enum reg d, enum reg s, bool wide)
{
	if (!wide)
		mov_rr32(c, d, s); /* even onto itself: clears the upper half */
	else if (d != s)
		mov_rr(c, d, s);
}

/* d = s before a two-operand instruction changes d; its upper half matters only if wide. */
static inline notrace void jit_move(struct code *c, enum reg d, enum reg s, bool wide)
{
	if (d != s)
		(wide ? mov_rr : mov_rr32)(c, d, s);
}

typedef void emit_rr(struct code *c, enum reg d, enum reg s);
typedef void emit_ri(struct code *c, enum reg d, i64 v);

struct alu_row {
	emit_rr *rr, *rr32;
	emit_ri *ri, *ri32;
};

/* By operation: ALU_ADD, ALU_SUB, ALU_OR, ALU_AND, ALU_XOR; the other rows are empty. */
extern const struct alu_row jit_alu_rows[ALU_END];

/* Returns the offset where the instruction's code ends. Padding may follow, before the next one. */
u32 jit_end_of(const struct jit *j, u32 idx);

/* Moves small loops, when lengths are known. jit_place_begin puts before each head all the padding that it
 * may need; call it before jumps become short. jit_place_end keeps only the padding that is needed. */
void jit_place_begin(struct jit *j);
void jit_place_end(struct jit *j);

/* Says that the next instruction can fault, unless the verifier has proven that it cannot. If it does, reg (NO_REG: none)
 * becomes 0, and the program goes on where jit_fixup_resume was called with the index that jit_fixup returned. */
#define NO_FIXUP (~0u)
u32 jit_fixup(struct jit *j, u32 reg);
void jit_fixup_resume(struct jit *j, u32 index);

enum { MARK_SHORT = MARK_FREE }; /* the jump takes one byte of displacement */

/* The op's memory operand. */
struct mem jit_operand(const struct op *op);

/* jit_emit_alu writes arithmetic, moves and ROL; jit_emit_div is its part for division. */
void jit_emit_alu(struct jit *j, const struct op *op);
void jit_emit_div(struct jit *j, const struct op *op);

/* d = s * factor, at 32 or 64 bits; changes R11 if d is s. */
void jit_emit_times(struct code *c, enum reg d, enum reg s, i32 factor, bool wide);

/* Conditional jumps and gotos. */
void jit_emit_jump(struct jit *j, const struct op *op, u32 idx);

/* Whether the op is a conditional jump or a goto; how many bytes less it takes if it is short. */
bool jit_is_jump(const struct op *op);
u32 jit_jump_saving(const struct op *op);

void jit_emit_load(struct jit *j, const struct op *op);
void jit_emit_store(struct jit *j, const struct op *op);
void jit_emit_atomic(struct jit *j, const struct op *op);
void jit_emit_imm64(struct jit *j, const struct op *op, u32 idx);
void jit_emit_helper(struct jit *j, const struct insn *in, u32 idx);
void jit_emit_element(struct jit *j, const struct op *op);
void jit_emit_kfunc(struct jit *j, const struct insn *in);
void jit_emit_local_call(struct jit *j, const struct insn *in, u32 idx);
void jit_emit_callx(struct jit *j, enum reg value);
void jit_emit_func_address(struct jit *j, enum reg d, u32 idx);

/* Write what a helper with HELPER_INLINE, or a kernel function, does, without a call. If that is not
 * possible they write nothing and return false. */
bool jit_emit_inline(struct jit *j, const struct helper *h);
bool jit_emit_inline_kfunc(struct jit *j, const struct helper *h);

/* Writes the function's entry, before its first instruction. Sets j->tail_at in the program's first
 * function. */
void jit_emit_prologue(struct jit *j);

/* Writes the function's exit without the ret. That code changes only callee-saved registers. */
void jit_emit_unwind(struct jit *j);
