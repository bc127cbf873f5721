/* SPDX-License-Identifier: MIT */
/* A line editor: it takes the bytes of a terminal, and makes an edited line and the bytes that show it.
 *
 *  - Pure: it uses no console and allocates nothing.
 *  - The keys are those of emacs and readline: arrows, Home, End, Delete, Tab, ^A ^B ^D ^E ^F ^H ^K ^L ^N
 *    ^P ^U ^W; words by ^arrow, M-b, M-f, M-d.
 *  - The line stays in one row of the screen; a longer one scrolls inside it.
 *  - Without a terminal nothing is echoed, and the only keys are the end of a line, ^C and ^D. Every
 *    other byte but 0 becomes part of the line. */
#pragma once
#include "kernel/lib/types.h"

#define EDIT_LINE    512 /* the longest line with its 0; more is ignored, see is_cut */
#define EDIT_HISTORY 64

enum edit_result {
	EDIT_MORE, /* the line goes on */
	EDIT_DONE, /* it is in edit->line; edit_begin starts the next */
	EDIT_END,  /* ^D on an empty line: no more input */
};

/* Collects the candidates to which Tab can complete a word; see edit_offer. */
struct edit_matches;

struct edit {
	/* The caller's, set before the first edit_begin. */
	const char *prompt;
	bool echo;   /* there is a terminal */
	u32 columns; /* of the terminal */
	void (*write)(const char *text, u32 len);
	/* Offers all candidates for the word that begins at line[word] and ends where line ends. It may be
	 * called twice for one Tab, and must then offer the same. NULL: no completion. */
	void (*complete)(struct edit_matches *m, const char *line, u32 word);

	char line[EDIT_LINE]; /* ended by 0 */
	u32 len, cursor;
	bool is_cut;       /* bytes were ignored because the line was full */
	u32 shown;         /* index of the first character on the screen */
	char last;         /* the byte before, to take "\r\n" for one end of line */
	u32 escape, param; /* where in an escape sequence we are, and its number */

	/* A ring: entry i is history[i % EDIT_HISTORY], the newest is history_count - 1. */
	char history[EDIT_HISTORY][EDIT_LINE];
	u32 history_count;
	u32 history_at;        /* the entry that is shown; history_count: the line being written */
	char draft[EDIT_LINE]; /* the line being written, while another one is shown */
};

/* Shows the prompt and an empty line. */
void edit_begin(struct edit *e);

/* Takes one byte from the keyboard. The history keeps lines that are not empty and not the last one again. */
enum edit_result edit_key(struct edit *e, char byte);

/* Offers a candidate, which is kept only if the word is a prefix of it. */
void edit_offer(struct edit_matches *m, const char *candidate);

/* Whether the word begins with the prefix. */
bool edit_begins(const struct edit_matches *m, const char *prefix);
