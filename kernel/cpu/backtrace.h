/* SPDX-License-Identifier: MIT */
/* Which function called which, by frame pointers, through interrupts and generated code. */
#pragma once
#include "kernel/lib/types.h"

struct pt_regs;

/* Calls visit with each address in the chain, innermost first. The chain begins at regs, or at the caller if
 * regs is NULL. A caller's address is that of the last byte of its call. A bad pointer ends the walk. */
void backtrace_walk(const struct pt_regs *regs, void (*visit)(uptr addr, void *arg), void *arg);

/* Prints a line for each address: "  #0 kfree_skb+0x5". */
void backtrace_print(const struct pt_regs *regs);
