/* SPDX-License-Identifier: MIT */
/* What the instructions of a program are to each other: who is jumped to, where functions begin, and
 * what a function needs before its first instruction. */
#pragma once
#include "vm/prog.h"

enum {
	MARK_TAIL = 1,   /* second slot of a 64-bit immediate, no instruction */
	MARK_TARGET = 2, /* a jump leads here: nothing is known from the line above */
	MARK_START = 4,  /* first instruction of a function: main's, or the target of a local call */
	MARK_FREE = 8,   /* this bit and those above are the caller's */
};

/* One byte of marks per instruction, the caller's to kfree; NULL if there is no memory. A target out
 * of range marks nothing: refusing it is the verifier's work. */
u8 *flow_marks(const struct prog *p);

/* The 64-bit immediate that reg holds before an instruction, if the lines above say so without a jump in
 * between; or NULL. */
const struct insn *flow_constant(const struct prog *p, const u8 *marks, u32 idx, u32 reg);

/* A function of the program. */
struct flow_func {
	u32 start, end; /* its instructions: start .. end - 1 */
	u32 writes;     /* bit n: Rn is written somewhere in it */
	u32 stack;      /* bytes of stack that it can touch, 0 .. PROG_STACK */
	bool uses_fp;   /* reads R10 */
	bool calls;     /* calls a helper or another function */
};

/* The function that starts at an instruction with MARK_START. */
void flow_function(struct flow_func *f, const struct prog *p, const u8 *marks, u32 start);
