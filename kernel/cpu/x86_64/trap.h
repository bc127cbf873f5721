/* SPDX-License-Identifier: MIT */
/* What trap.h leaves to this CPU: the fault tables, and registers for people. */
#pragma once
#include "kernel/lib/fmt.h"
#include "kernel/cpu/trap.h"

/* Called by the entry code for every vector. notrace, like all that it runs through before a handler. */
void trap_dispatch(struct pt_regs *regs, u32 vector);

/* Where trap_dispatch returns to: a backtrace and the scan of ways back know by it that above a frame lie
 * pt_regs (kernel/cpu/x86_64/entry.asm). */
extern const u8 trap_return[];

/* Instructions that may fault, where they go on then (kernel/cpu/x86_64/probe.c), and what is told of the
 * fault, which may be NULL. It is given what RBX and R13 hold (kernel/cpu/x86_64/probe.h). */
/* ORDER EX_ROW */
struct ex_row {
	uptr at, resume;
	void (*told)(const void *where, void *whose);
};
extern const struct ex_row ex_table_start[], ex_table_end[];

/* All registers, several lines. */
void regs_print(struct strbuf *s, const struct pt_regs *regs);
