/* SPDX-License-Identifier: MIT */
/* Text for people: to the serial line and the screen at once. Usable everywhere, even in a panic. */
#pragma once
#include "kernel/lib/fmt.h"

/* Up to 1023 characters a call. Lines of different CPUs do not mix. */
void kprintf(const char *fmt, ...) printf_like(1, 2);
void kputs(const char *text, u32 len);

/* From here on no CPU waits for the lock: its holder may have been stopped. For a panic. */
void print_break_lock(void);
