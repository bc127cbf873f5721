/* SPDX-License-Identifier: MIT */
/* COM1: the kernel prints there, and reads what is typed there. */
#pragma once
#include "kernel/lib/err.h"

/* Sets COM1 to 115200 8N1. Characters received before are kept. Before the first serial_putc. */
void serial_init(void);

/* Sends a character; waits for room. Works in a panic too. */
void serial_putc(char ch);

/* From here on input makes interrupts, and `received` is called after each, in its context. ENOENT: without
 * an IOAPIC there are no interrupts. After the APICs. */
enum err serial_enable_input(void (*received)(void));

/* Returns the next character typed, or -1 if there is none. */
int serial_try_getc(void);

/* Returns whether a Ctrl-C has been typed that serial_try_getc has not returned. If so, throws it away with
 * all that was typed before it. */
bool serial_take_ctrl_c(void);
