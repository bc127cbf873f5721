/* SPDX-License-Identifier: MIT */
/* COM1: where the kernel talks and is typed to. */
#pragma once
#include "kernel/lib/types.h"

/* 115200 8N1. Keeps what was received before. Before the first serial_putc. */
void serial_init(void);

/* Waits for room; works in a panic too. */
void serial_putc(char ch);

/* From here on input arrives by interrupt; without an IOAPIC it is polled.
 * After the APICs and the scheduler. */
void serial_enable_input(void);

/* The next character typed, or -1 if there is none. */
int serial_try_getc(void);

/* Sleeps until there is one. */
int serial_getc(void);
