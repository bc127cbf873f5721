/* SPDX-License-Identifier: MIT */
/* Lets tasks wait for what a person types at the serial line. */
#pragma once
#include "kernel/lib/types.h"

/* From here on input makes interrupts; without an IOAPIC it is polled. After the APICs and the scheduler. */
void console_init(void);

/* Sleeps until a character has been typed, and returns it. */
int console_getc(void);

/* Returns whether Ctrl-C (byte 3, from a pipe too) has been typed and console_getc has not returned it. If
 * so, throws it away with all that was typed before it, as terminals do. */
bool console_interrupted(void);
