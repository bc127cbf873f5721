/* SPDX-License-Identifier: MIT */
/* The end, after a bug of our own. A panic says where and with which values, calls the reporter
 * (kernel/cpu/report.c), and makes the emulator exit with a failure. Everything may panic, so this file is
 * below everything. */
#pragma once
#include "kernel/lib/types.h"

struct pt_regs;

void panic(const char *fmt, ...) noreturn printf_like(1, 2);
void panic_regs(const struct pt_regs *regs, const char *fmt, ...) noreturn printf_like(2, 3);

/* The bug is in what other CPUs (bit n: CPU n) do. The report names one, and shows all that are not idle. */
void panic_about(u32 cpus, const char *fmt, ...) noreturn printf_like(2, 3);

/* Stops the other CPUs, and prints. regs: what a trap interrupted, NULL without one. notrace. Before a
 * reporter is set, a panic prints nothing. */
typedef void panic_reporter(const char *what, const struct pt_regs *regs, u32 cpus);
void panic_set_reporter(panic_reporter *reporter);

#define assert(cond)                                                                     \
	do {                                                                             \
		if (!(cond))                                                             \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond); \
	} while (0)
