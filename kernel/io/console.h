/* SPDX-License-Identifier: MIT */
/* Lets tasks wait for what a person types at the serial line. */
#pragma once
#include "kernel/lib/types.h"

/* From here on input makes interrupts; without an IOAPIC it is polled. After the APICs and the scheduler. */
void console_init(void);

/* Sleeps until a character has been typed, and returns it. */
int console_getc(void);

/* Whether Ctrl-C has been typed (byte 3, from a pipe too) and not been returned by console_getc. If so, it is
 * thrown away together with all that was typed before it, as terminals do. */
bool console_interrupted(void);
