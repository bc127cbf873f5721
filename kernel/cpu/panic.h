/* SPDX-License-Identifier: MIT */
/* The end: our own bug. Says where and with which values, shows registers and a symbolised backtrace and
 * which programs had to do with it, stops all CPUs, and makes the emulator exit with a failure. */
#pragma once
#include "kernel/lib/types.h"

struct pt_regs;

void panic(const char *fmt, ...) noreturn printf_like(1, 2);
void panic_regs(const struct pt_regs *regs, const char *fmt, ...) noreturn printf_like(2, 3);

/* About what other CPUs (bit n: CPU n) do: names one, and shows registers and backtrace of all but the
 * idle. */
void panic_about(u32 cpus, const char *fmt, ...) noreturn printf_like(2, 3);

#define assert(cond)                                                                     \
	do {                                                                             \
		if (!(cond))                                                             \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond); \
	} while (0)
