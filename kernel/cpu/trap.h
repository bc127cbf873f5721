/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts: one table of handlers, one frame layout. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/types.h"

/* Linux's names and order: programs read it with the PT_REGS_* macros. */
/* ORDER PT_REGS */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax; /* the error code of an exception, the vector of an interrupt */
	unsigned long ip, cs, flags, sp, ss;
};
_Static_assert(sizeof(struct pt_regs) == PT_REGS_SIZE, "layout.h");

/* ORDER VECTORS */
enum { TRAP_DE = 0, TRAP_DB = 1, TRAP_NMI = 2, TRAP_BP = 3, TRAP_UD = 6, TRAP_DF = 8 };
enum { TRAP_GP = 13, TRAP_PF = 14, TRAP_VECTORS = 256 };

/* Returns true: handled, go on at regs; false: not mine (an exception that no handler takes panics). */
typedef bool trap_handler(struct pt_regs *regs);

/* trap_init fills the IDT and loads it: from here on an exception without a handler panics. trap_init_cpu,
 * once on each CPU, loads GDT and IDT there. It sets the stacks of NMI, double fault and machine check. */
void trap_init(void);
void trap_init_cpu(void);

/* Sets the handler of vector 0..255, NULL for none. Returns the previous one. A breakpoint's handler may
 * lower regs->sp by up to 16 and store there: the entry of vector 3 leaves a gap for emulated calls. */
trap_handler *trap_set_handler(u32 vector, trap_handler *handler);

/* By vector; for the dispatcher. */
extern trap_handler *trap_handlers[TRAP_VECTORS];
