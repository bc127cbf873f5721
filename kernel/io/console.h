/* SPDX-License-Identifier: MIT */
/* What a person types at the serial line, for tasks that wait for it. */
#pragma once

/* From here on input interrupts; without an IOAPIC it is polled. After the APICs and the scheduler. */
void console_init(void);

/* Sleeps until a character has been typed, and returns it. */
int console_getc(void);
