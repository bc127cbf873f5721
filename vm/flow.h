/* SPDX-License-Identifier: MIT */
/* How the instructions of a program depend on each other: which ones jumps lead to, where functions begin,
 * and what a function needs before its first instruction. */
#pragma once
#include "vm/prog.h"

enum {
	MARK_TAIL = 1,   /* second slot of a 64-bit immediate, not an instruction */
	MARK_TARGET = 2, /* a jump leads here: nothing is known from the line above */
	MARK_START = 4,  /* first instruction of a function: main's, or the target of a local call */
	MARK_FREE = 8,   /* this bit and those above are the caller's */
};

/* Returns one byte of marks for each instruction, which the caller frees with kfree; NULL if memory runs out.
 * A target out of range marks nothing: the verifier refuses it. */
u8 *flow_marks(const struct prog *p);

/* Returns the instruction that loads a 64-bit immediate into reg, if reg still holds it before instruction
 * idx and no jump leads in between; else NULL. */
const struct insn *flow_constant(const struct prog *p, const u8 *marks, u32 idx, u32 reg);

/* A function of the program. */
struct flow_func {
	u32 start, end; /* its instructions: start .. end - 1 */
	u32 writes;     /* bit n: Rn is written somewhere in it */
	u32 stack;      /* bytes of stack that it can touch, 0 .. PROG_STACK */
	bool uses_fp;   /* reads R10 */
	bool calls;     /* calls a helper or another function */
};

/* Fills f for the function that starts at instruction start, which has MARK_START. */
void flow_function(struct flow_func *f, const struct prog *p, const u8 *marks, u32 start);
