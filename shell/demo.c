// SPDX-License-Identifier: MIT
// Walks through the steps of the demo.
#include "shell/demo.h"
#include "kernel/io/console.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "shell/demo_steps.h"
#include "shell/say.h"
#include "shell/table.h"

/* Each paragraph is as wide as the terminal. One that begins with a digit is a row of a list. */
static void print_paragraphs(const char *text)
{
	enum { LIST_INDENT = 14 };
	while (*text) {
		char paragraph[SENTENCE_LEN];
		u32 len = str_until(text, '\n');
		str_copy(paragraph, text, min(len + 1, (u32)SENTENCE_LEN));
		print_wrapped(paragraph, 0, paragraph[0] >= '1' && paragraph[0] <= '9' ? LIST_INDENT : 0);
		text += len + (text[len] == '\n');
	}
}

static void print_words(void)
{
	kprintf("\n--- The words of the demo ---\n");
	for (const struct demo_word *w = demo_words; w->word; w++) {
		kprintf("%-*s", DEMO_WORD_COLUMN, w->word);
		print_wrapped(w->meaning, DEMO_WORD_COLUMN, DEMO_WORD_COLUMN);
	}
}

static void print_title(bool pause)
{
	char text[SENTENCE_LEN];
	struct strbuf s = STRBUF(text);
	str_printf(&s,
		   "The demo: how five bytes of nop become a call of your program, while the machine runs. "
		   "%u steps; about 10 minutes if you read them.",
		   demo_step_count);
	if (pause)
		str_puts(&s, " Any key goes on. `demo 8` begins at step 8.");
	kprintf("\n");
	print_wrapped(text, 0, 0);
}

static enum err show_step(u32 i, enum err (*exec)(const char *line))
{
	const struct demo_step *step = &demo_steps[i];
	kprintf("\n--- %u of %u: %s ---\n", i + 1, demo_step_count, step->title);
	print_paragraphs(step->text);
	if (step->source || (step->commands && *step->text))
		kprintf("\n");
	if (step->source)
		kprintf("%s", step->source);
	enum err e = step->commands ? exec(step->commands) : OK;
	if (e == step->refused)
		return OK;
	return e ? e : EINVAL;
}

/* Takes off what is attached, and attaches what there is at the beginning of the step. */
static enum err go_to(u32 i, enum err (*exec)(const char *line))
{
	const char *state = demo_steps[i].state;
	kprintf("\nTo begin at step %u:\n", i + 1);
	enum err e = exec("detach all");
	return e || !state ? e : exec(state);
}

/* The arrow to the left is b, any other arrow is any other key. */
static int read_key(void)
{
	int key = console_getc();
	if (key != '\x1b')
		return key;
	console_getc(); /* '[' */
	return console_getc() == 'D' ? 'b' : ' ';
}

/* 'q', 'b', or ' ' for any other key. */
static int wait_for_key(void)
{
	for (;;) {
		kprintf("[any key: go on   b: back   g: words   q: leave the demo] ");
		int key = read_key();
		kprintf("\r\x1b[K");
		if (key == 'g')
			print_words();
		else
			return key == 'b' ? key : key == 'q' || key == 3 ? 'q' : ' ';
	}
}

static void print_end(enum err first, bool left)
{
	if (first && first != EINTR)
		kprintf("\nThe demo did not go as it should: %s above.\n", err_name(first));
	else if (left)
		kprintf("\n`demo N` goes on at step N. `learn` lists what to read, `help` the commands.\n");
	else
		kprintf("\nThat was the demo. `learn` lists what to read next, `help` the commands.\n");
}

enum err demo_run(u32 from, bool pause, enum err (*exec)(const char *line))
{
	print_title(pause);
	enum err first = from > 1 ? go_to(from - 1, exec) : OK;
	int key = ' ';
	for (u32 i = from - 1; i < demo_step_count && key != 'q';) {
		enum err e = show_step(i, exec);
		key = e == EINTR ? 'q' : pause ? wait_for_key() : ' ';
		if (key == 'b') {
			i -= i > 0;
			e = e ? e : go_to(i, exec);
		} else {
			i++;
		}
		first = first ? first : e;
	}
	if (key == 'q')
		exec("detach all");
	print_end(first, key == 'q');
	return first;
}
