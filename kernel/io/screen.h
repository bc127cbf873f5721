/* SPDX-License-Identifier: MIT */
/* The VGA text screen, 80x25. */
#pragma once
#include "kernel/lib/types.h"

void screen_init(void);

/* Prints a character. Obeys \n, \r, \b and tabs; leaves out ANSI escape sequences. */
void screen_putc(char ch);
