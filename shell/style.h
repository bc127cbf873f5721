/* SPDX-License-Identifier: MIT */
/* How text looks on the terminal: its width, and three colours. Until style_set there are 80 columns and no
 * colours; it stays so without a terminal. */
#pragma once
#include "kernel/lib/types.h"

enum style {
	STYLE_CHANGED, /* bytes that have just changed */
	STYLE_NAME,    /* what a row is about: a program, a function, a map */
	STYLE_REASON,  /* why something is refused */
};

/* The escape sequences that begin a colour and end it; "" without colours:
 * kprintf("%s%02x%s", style(STYLE_CHANGED), byte, style_end()). A column counts no escape sequence. */
const char *style(enum style s);
const char *style_end(void);

/* Whether there are colours; otherwise something else must mark what has changed. */
bool style_is_coloured(void);

/* The columns that a text takes: its length without escape sequences. */
u32 style_width(const char *text);

/* The columns of the terminal. */
u32 style_columns(void);

/* Whether the output is a terminal: only there a row of a table may become several lines. */
bool style_is_terminal(void);

/* Sets both; columns is brought between 20 and 400. */
void style_set(bool coloured, u64 columns);

/* Sets both as the boot command line says: "columns=60" and "colours", which the launcher adds on a terminal.
 * On a terminal, whatever kprintf writes is then broken between words. */
void style_init(void);
