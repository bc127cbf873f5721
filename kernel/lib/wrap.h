/* SPDX-License-Identifier: MIT */
/* Breaks lines between words while they are written, so that a terminal cuts no word. Pure. */
#pragma once
#include "kernel/lib/types.h"

struct wrap {
	u32 columns; /* of the terminal; 0: no line is broken */
	void (*put)(char ch);
	u32 column; /* where the next character stands */
	u32 indent; /* columns left free in each further row of the line */
	u32 gap;    /* spaces in front of the next word, not yet written */
	bool in_escape, in_word, after_space;
};

/* Writes the text. A word ends where the text does. Escape sequences take no columns. If breaks is true, a
 * word for which its row has no room begins a new row. That row begins under the text behind the line's last
 * gap of two spaces or more, if the gap is in the left half; else two columns behind the line's begin. */
void wrap_write(struct wrap *w, const char *text, u32 len, bool breaks);

/* Returns whether ch belongs to an escape sequence, ESC to the first letter, which takes no columns. *inside: whether
 * the character before it does; false at first. */
bool wrap_escape(bool *inside, char ch);
