/* SPDX-License-Identifier: MIT */
/* COM1: where the kernel talks and is typed to. */
#pragma once
#include "kernel/lib/err.h"

/* 115200 8N1. Keeps what was received before. Before the first serial_putc. */
void serial_init(void);

/* Waits for room; works in a panic too. */
void serial_putc(char ch);

/* From here on input interrupts, and received is called after each interrupt, in its context. ENOENT without
 * an IOAPIC: then it does not. After the APICs. */
enum err serial_enable_input(void (*received)(void));

/* The next character typed, or -1 if there is none. */
int serial_try_getc(void);

/* Whether a Ctrl-C has been typed that serial_try_getc has not returned. If so, it is thrown away together with
 * all that was typed before it. */
bool serial_take_ctrl_c(void);
