/* SPDX-License-Identifier: MIT */
/* kernel/trace/tracepoint.h: the five bytes of a branch, and its row in the table. */
#pragma once
#include "kernel/lib/types.h"

struct tracepoint;

/* tp is a constant. The bytes are those of poke_make_nop; tracepoint_init checks each branch.
 * ORDER BRANCH_ROW: struct tracepoint_branch. */
static inline notrace __attribute__((always_inline)) bool tracepoint_branch(struct tracepoint *tp)
{
	__asm__ goto("1: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n\t"
		     ".pushsection tracepoint_branches, \"a\"\n\t"
		     ".quad 1b, %l[on], %c0\n\t"
		     ".popsection" ::"i"(tp)::on);
	return false;
on:
	return true;
}
