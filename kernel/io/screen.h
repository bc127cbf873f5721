/* SPDX-License-Identifier: MIT */
/* The VGA text screen, 80x25. */
#pragma once
#include "kernel/lib/types.h"

void screen_init(void);

/* Knows \n, \r, \b and tabs, and leaves out ANSI escape sequences; everything else is printed. */
void screen_putc(char ch);
