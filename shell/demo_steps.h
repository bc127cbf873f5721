/* SPDX-License-Identifier: MIT */
/* What the demo says and does, step by step, and the words that it uses. Every screen fits 24 lines of 80
 * characters; a word is said in a sentence before a command prints it. */
#pragma once
#include "kernel/lib/err.h"

struct demo_step {
	const char *title;
	const char *text;     /* paragraphs of any length, each ended by a newline */
	const char *source;   /* lines of C, or NULL */
	const char *commands; /* that show it */
	const char *state;    /* commands that attach what the steps before have attached */
	enum err refused;     /* the commands end in this error, which is what they show */
};
extern const struct demo_step demo_steps[];
extern const u32 demo_step_count;

/* Ended by a row without a word. The meanings stand in a column. */
enum { DEMO_WORD_COLUMN = 12 };
struct demo_word {
	const char *word, *meaning;
};
extern const struct demo_word demo_words[];
