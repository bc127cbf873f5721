/* SPDX-License-Identifier: MIT */
/* What trap.h leaves to this CPU: the fault tables, and registers for people. */
#pragma once
#include "kernel/lib/fmt.h"
#include "kernel/cpu/trap.h"

/* Called by the entry code for every vector. notrace, like all that it runs through before a handler. */
void trap_dispatch(struct pt_regs *regs, u32 vector);

/* Where trap_dispatch returns to (kernel/cpu/x86_64/entry.asm). By this return address a backtrace and the
 * scan of ways back know that pt_regs lie above the frame. */
extern const u8 trap_return[];

/* An instruction that may fault (kernel/cpu/x86_64/probe.c), where the CPU goes on after the fault, and the
 * function that is called first, or NULL. Its arguments are RBX and R13 (kernel/cpu/x86_64/probe.h). */
/* ORDER EX_ROW */
struct ex_row {
	uptr at, resume;
	void (*told)(const void *where, void *whose);
};
extern const struct ex_row ex_table_start[], ex_table_end[];

/* Appends all registers, in several lines. */
void regs_print(struct strbuf *s, const struct pt_regs *regs);
