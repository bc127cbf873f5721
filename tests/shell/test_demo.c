// SPDX-License-Identifier: MIT
// The table of the demo. What its commands print is checked in tests/e2e/demo.sh, its keys in shell.exp.
#include "kernel/lib/mem.h"
#include "shell/demo_steps.h"
#include "tests/test.h"

enum { ROWS = 24, COLUMNS = 80 };

TEST(demo_words_fit_a_screen)
{
	u32 rows = 3, room = COLUMNS - DEMO_WORD_COLUMN; /* a title with a space above it, and the keys */
	for (const struct demo_word *w = demo_words; w->word; w++) {
		check(strlen(w->word) < DEMO_WORD_COLUMN);
		rows += strlen(w->meaning) <= room ? 1 : 2;
	}
	check(rows > 10 && rows <= ROWS);
}

/* Only what is printed as paragraphs is broken between words. */
TEST(demo_steps_are_complete)
{
	check(demo_step_count > 20);
	for (u32 i = 0; i < demo_step_count; i++) {
		const struct demo_step *step = &demo_steps[i];
		u32 len = (u32)strlen(step->text);
		check(step->title[0] && strlen(step->title) < COLUMNS - 20);
		check(len == 0 || step->text[len - 1] == '\n');
		check(step->commands || step->source || len);
		check(!step->refused || step->commands);
	}
}
