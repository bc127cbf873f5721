/* SPDX-License-Identifier: MIT */
/* The ways back: every address on a stack at which its task can still go on. */
#pragma once
#include "kernel/lib/types.h"

struct pt_regs;

/* Where the walk begins: in C code whose frame pointer is bp; or, if regs is given, in code that was
 * interrupted there, at any instruction. */
struct stack_top {
	uptr bp;
	const struct pt_regs *regs;
};

/* Calls visit with every word between the top and `end` (the stack's end, exclusive) that may be a
 * return address, and with each interrupted instruction. Misses none: where frames are not to be
 * trusted, it visits every word. */
void stack_visit_returns(struct stack_top top, uptr end, void (*visit)(uptr addr, void *arg), void *arg);
