/* SPDX-License-Identifier: MIT */
/* Lab 5: what call.asm, which belongs to the check, has for check.c. */
#pragma once
#include "kernel/lib/types.h"

/* The student's: trampoline.asm. */
void lab5_entry(void);
void lab5_exit(void);

enum { LAB5_KEPT = 7, LAB5_WORDS = 4 };

/* ORDER LAB5: call.asm. What the hook saw, and what a call left in registers. */
struct lab5 {
	u64 runs;             /* of the hook */
	u64 seen[LAB5_WORDS]; /* its context: three arguments, and behind them the result */
	u64 rsp;              /* on its entry */
	u64 body_done;        /* bodies that had run by then */
	u64 body_runs;        /* the body adds 1 */
	u64 kept[LAB5_KEPT];  /* rbx, rbp, r12 to r15, rsp after the call, xor what they were before */
};
extern struct lab5 lab5;
_Static_assert(offsetof(struct lab5, rsp) == 40 && offsetof(struct lab5, kept) == 64, "call.asm");

/* Calls fn(a, b, c) with the registers that a function keeps full of known numbers. Returns its result, also
 * if it comes back with another stack pointer or frame pointer. */
u64 lab5_call(uptr fn, u64 a, u64 b, u64 c);
