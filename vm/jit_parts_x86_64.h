/* SPDX-License-Identifier: MIT */
/* What the parts of the JIT need of each other. */
#pragma once
#include "kernel/lib/x86.h"
#include "vm/jit_x86_64.h"

/* x86's registers by eBPF's. */
extern const u8 jit_regs[BPF_REGS];
#define JIT_NO_DST 0xff

static inline notrace u32 jit_here(const struct jit *j)
{
	return j->c->len - j->origin;
}

static inline notrace enum reg jit_dst(const struct insn *in)
{
	return jit_regs[in->dst];
}

static inline notrace enum reg jit_src(const struct insn *in)
{
	return jit_regs[in->src];
}

static inline notrace bool jit_is_64(const struct insn *in)
{
	return insn_class(in) == CLASS_ALU64 || insn_class(in) == CLASS_JMP;
}

static inline notrace bool jit_has_src(const struct insn *in)
{
	return in->op & 8;
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

static inline notrace void jit_copy(struct code *c, enum reg d, enum reg s, bool wide)
{
	if (!wide)
		mov_rr32(c, d, s); /* even onto itself: clears the upper half */
	else if (d != s)
		mov_rr(c, d, s);
}

typedef void emit_rr(struct code *c, enum reg d, enum reg s);
typedef void emit_ri(struct code *c, enum reg d, i64 v);

struct alu_row {
	emit_rr *rr, *rr32;
	emit_ri *ri, *ri32;
};

/* Operations of two operands, by bits 4 to 7 of the opcode; the others are empty. */
extern const struct alu_row jit_alu_rows[16];

/* The instruction that comes next may fault; then reg becomes 0 and execution goes on where
 * jit_fixup_resume says. */
u32 jit_fixup(struct jit *j, u32 reg);
void jit_fixup_resume(struct jit *j, u32 index);

void jit_emit_alu(struct code *c, const struct insn *in);
void jit_emit_div(struct code *c, const struct insn *in);
void jit_emit_load(struct jit *j, const struct insn *in);
void jit_emit_store(struct jit *j, const struct insn *in);
void jit_emit_atomic(struct jit *j, const struct insn *in);
void jit_emit_imm64(struct jit *j, const struct insn *in);
void jit_emit_helper(struct jit *j, const struct insn *in, u32 idx);
void jit_emit_kfunc(struct jit *j, const struct insn *in);
void jit_emit_local_call(struct jit *j, const struct insn *in, u32 idx);
