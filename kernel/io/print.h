/* SPDX-License-Identifier: MIT */
/* Text for people: to the serial line and the screen at once. Usable everywhere, even in a panic. */
#pragma once
#include "kernel/lib/fmt.h"

/* kprintf prints up to 1023 characters a call and breaks lines between words where print_set_columns says.
 * kputs prints any number and breaks none. Lines of different CPUs do not mix. */
void kprintf(const char *fmt, ...) printf_like(1, 2);
void kputs(const char *text, u32 len);

/* How wide the terminal is; 0, as at the start: no line is broken. */
void print_set_columns(u32 columns);

/* From here on no CPU waits for the lock of printing: its holder may have been stopped. For a panic. */
void print_break_lock(void);
