/* SPDX-License-Identifier: MIT */
/* The ways back: every address on a stack at which the stack's task can still go on. */
#pragma once
#include "kernel/lib/types.h"

struct pt_regs;

/* Where the walk begins. regs NULL: in C code whose frame pointer is bp. Else in code that was interrupted
 * at regs, at any instruction. */
struct stack_top {
	uptr bp;
	const struct pt_regs *regs;
};

/* Calls visit with every word between the top and `end` (the stack's end, exclusive) that may be a return
 * address, and with the address of each interrupted instruction. Misses none: where frames cannot be
 * trusted, it visits every word. */
void stack_visit_returns(struct stack_top top, uptr end, void (*visit)(uptr addr, void *arg), void *arg);
