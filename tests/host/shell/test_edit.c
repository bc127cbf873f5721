// SPDX-License-Identifier: MIT
// Types keys into the line editor and compares the screen of a small terminal.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "shell/edit.h"

#define ROWS    8
#define COLUMNS 40

#define UP    "\x1b[A"
#define DOWN  "\x1b[B"
#define RIGHT "\x1b[C"
#define LEFT  "\x1b[D"

/* A terminal of ROWS x COLUMNS that knows what the editor sends, and scrolls. */
static struct {
	char cell[ROWS][COLUMNS + 1];
	u32 row, column;
	u32 bytes; /* received since the terminal was cleared */
	bool confused;
} term;

static struct edit edit;

static void term_clear(void)
{
	memset(&term, 0, sizeof(term));
	for (u32 i = 0; i < ROWS; i++)
		memset(term.cell[i], ' ', COLUMNS);
}

static void term_newline(void)
{
	if (++term.row < ROWS)
		return;
	term.row = ROWS - 1;
	memmove(term.cell[0], term.cell[1], sizeof(term.cell[0]) * (ROWS - 1));
	memset(term.cell[ROWS - 1], ' ', COLUMNS);
}

static u32 term_escape(const char *text)
{
	u32 number = 0, len = 2;
	while (text[len] >= '0' && text[len] <= '9')
		number = number * 10 + (u32)(text[len++] - '0');
	switch (text[len]) {
	case 'K': memset(term.cell[term.row] + term.column, ' ', COLUMNS - term.column); break;
	case 'D': term.column -= min(number, term.column); break;
	case 'H': term.row = term.column = 0; break;
	case 'J':
		for (u32 i = 0; i < ROWS; i++)
			memset(term.cell[i], ' ', COLUMNS);
		break;
	default: term.confused = true;
	}
	return len + 1;
}

static void term_write(const char *text, u32 len)
{
	term.bytes += len;
	for (u32 i = 0; i < len; i++) {
		if (text[i] == 0x1b) {
			i += term_escape(text + i) - 1;
		} else if (text[i] == '\r') {
			term.column = 0;
		} else if (text[i] == '\n') {
			term_newline();
		} else {
			if (term.column == COLUMNS) {
				term.column = 0;
				term_newline();
			}
			term.cell[term.row][term.column++] = text[i];
		}
	}
}

/* The row without the spaces at its end. */
static const char *row(u32 i)
{
	static char text[COLUMNS + 1];
	memcpy(text, term.cell[i], sizeof(text));
	for (u32 len = COLUMNS; len && text[len - 1] == ' '; len--)
		text[len - 1] = 0;
	return text;
}

static void offer_words(struct edit_matches *m, const char *line, u32 word)
{
	static const char *const commands[] = { "attach", "detach", "help", "map", "trace", "tramp" };
	static const char *const functions[] = { "kfree_skb", "kmalloc", "kthread_run" };
	const char *const *words = word ? functions : commands;
	for (u32 i = 0; i < (word ? array_len(functions) : array_len(commands)); i++)
		edit_offer(m, words[i]);
	(void)line;
}

static void offer_many(struct edit_matches *m, const char *line, u32 word)
{
	char name[] = "f000";
	for (u32 i = 0; i < 200; i++) {
		name[1] = (char)('0' + i / 100);
		name[2] = (char)('0' + i / 10 % 10);
		name[3] = (char)('0' + i % 10);
		edit_offer(m, name);
	}
	(void)line;
	(void)word;
}

static void start(void)
{
	term_clear();
	memset(&edit, 0, sizeof(edit));
	edit.prompt = "> ";
	edit.echo = true;
	edit.columns = COLUMNS;
	edit.write = term_write;
	edit.complete = offer_words;
	edit_begin(&edit);
}

/* Types keys; begins a new line after each that is done. Returns the result of the last key. */
static enum edit_result type(const char *keys)
{
	enum edit_result result = EDIT_MORE;
	for (; *keys; keys++) {
		result = edit_key(&edit, *keys);
		if (result == EDIT_DONE && keys[1])
			edit_begin(&edit);
	}
	return result;
}

static void check_screen(const char *want, u32 cursor)
{
	check_str(want, row(term.row));
	check_eq(cursor, term.column);
	check(!term.confused);
}

TEST(edit_typed_line_is_shown_and_returned)
{
	start();
	check_eq(EDIT_MORE, type("attach wakeup"));
	check_screen("> attach wakeup", 15);
	check_eq(EDIT_DONE, type("\r"));
	check_str("attach wakeup", edit.line);
	check_screen("", 0);
}

TEST(edit_keys_move_and_insert)
{
	static const struct {
		const char *keys, *want;
		u32 cursor;
	} rows[] = {
		{ "bc" LEFT LEFT "a", "> abc", 3 },
		{ "abc" LEFT "\x7f", "> ac", 3 },
		{ "abc\x01\x04", "> bc", 2 },
		{ "abc\x01" RIGHT "\x1b[3~", "> ac", 3 },
		{ "abc\x1b[H"
		  "x\x1b[Fy",
		  "> xabcy", 7 },
		{ "abc\x1bOH"
		  "x\x1bOFy",
		  "> xabcy", 7 },
		{ "abc\x1b[1~"
		  "x\x1b[4~y",
		  "> xabcy", 7 },
		{ "abc\x01"
		  "x\x05y",
		  "> xabcy", 7 },
		{ "abcdef\x02\x02\x0b", "> abcd", 6 },
		{ "abcdef\x02\x02\x15", "> ef", 2 },
		{ "one two three\x17", "> one two", 10 },
		{ "one two three  \x17\x17", "> one", 6 },
		{ "one two\x1b[1;5Dx", "> one xtwo", 7 },
		{ "one two\x01\x1b[1;5Cx", "> onex two", 6 },
		{ "one two\x1b"
		  "bx",
		  "> one xtwo", 7 },
		{ "one two\x01\x1b"
		  "d",
		  ">  two", 2 },
		{ "a\x1b[Zb\x1b[15~c", "> abc", 5 }, /* keys that mean nothing here */
		{ "a\x1b[D\x1b[D\x1b[D\x7f\x7f"
		  "b",
		  "> ba", 3 },
		{ "a\xc3\xa9\x01\x06\x06\x06"
		  "b",
		  "> ab", 4 },
	};
	for (u32 i = 0; i < array_len(rows); i++) {
		start();
		type(rows[i].keys);
		check_screen(rows[i].want, rows[i].cursor);
	}
}

TEST(edit_clear_screen_keeps_the_line)
{
	start();
	type("old\rabc" LEFT "\x0c");
	check_eq(0, term.row);
	check_screen("> abc", 4);
}

TEST(edit_end_of_input_only_on_an_empty_line)
{
	start();
	check_eq(EDIT_MORE, type("a\x02\x04"));
	check_screen(">", 2);
	check_eq(EDIT_END, type("\x04"));
}

TEST(edit_interrupt_drops_the_line)
{
	start();
	type("abc\x03"
	     "de\r");
	check_str("de", edit.line);
	check_str("> abc^C", row(0));
}

TEST(edit_crlf_is_one_end_of_line)
{
	start();
	check_eq(EDIT_MORE, type("a\r\n"));
	check_eq(0, edit.len);
	check_eq(1, edit.history_count);
}

TEST(edit_history_goes_back_and_forth)
{
	start();
	type("one\rtwo\r\rtwo\rnew" UP);
	check_screen("> two", 5);
	type(UP);
	check_screen("> one", 5);
	type(UP); /* there is nothing older */
	check_screen("> one", 5);
	type(DOWN DOWN);
	check_screen("> new", 5);
	type(DOWN);
	check_screen("> new", 5);
	type(UP "!\r");
	check_str("two!", edit.line);
}

TEST(edit_history_keeps_the_newest)
{
	char line[] = "00\r";
	start();
	for (u32 i = 0; i < EDIT_HISTORY + 5; i++) {
		line[0] = (char)('0' + i / 10);
		line[1] = (char)('0' + i % 10);
		type(line);
		edit_begin(&edit);
	}
	for (u32 i = 0; i < EDIT_HISTORY + 20; i++)
		type(UP);
	check_screen("> 05", 4);
}

TEST(edit_long_line_scrolls_in_its_row)
{
	start();
	type("0123456789012345678901234567890123456789abcdefgh");
	check_eq(0, term.row);
	check_screen("> 12345678901234567890123456789abcdefgh", 39);
	type("\x01");
	check_screen("> 0123456789012345678901234567890123456", 2);
	type("\x05\x7f"); /* what lies left of the cursor stays in sight */
	check_screen("> 12345678901234567890123456789abcdefg", 38);
	type("\x15");
	check_screen(">", 2);
	check_eq(0, term.row);
}

TEST(edit_longest_line_is_bounded)
{
	start();
	for (u32 i = 0; i < 2 * EDIT_LINE; i++)
		type("x");
	check_eq(EDIT_LINE - 1, edit.len);
	check_eq(0, term.row);
	type(LEFT "y\x01z");
	check_eq(EDIT_LINE - 1, strlen(edit.line));
}

TEST(edit_tab_completes_the_only_candidate)
{
	start();
	type("at\t");
	check_screen("> attach", 9);
	type("kf\t");
	check_screen("> attach kfree_skb", 19);
}

TEST(edit_tab_completes_what_is_common_then_lists)
{
	start();
	type("tr\t");
	check_screen("> tra", 5);
	type("\t");
	check_str("trace  tramp", row(1));
	check_eq(2, term.row);
	check_screen("> tra", 5);
}

/* Of the same first 80 characters. */
static void offer_long(struct edit_matches *m, const char *line, u32 word)
{
	char name[82];
	memset(name, 'n', 80);
	name[81] = 0;
	name[80] = 'x';
	edit_offer(m, name);
	name[80] = 'y';
	edit_offer(m, name);
	if (edit_begins(m, "o/"))
		edit_offer(m, "o/one");
	(void)line;
	(void)word;
}

TEST(edit_tab_completes_long_candidates_whole)
{
	start();
	edit.complete = offer_long;
	type("n\t");
	check_eq(80, edit.len);
	type("y\t");
	check_eq(82, edit.len);
	check_str("ny ", edit.line + 79);
}

TEST(edit_tab_lists_long_candidates_whole)
{
	start();
	edit.complete = offer_long;
	type("n\t\t");
	check_str("x", row(3));
	check_str("y", row(6));
}

TEST(edit_tab_asks_how_the_word_begins)
{
	start();
	edit.complete = offer_long;
	type("o\t");
	check_str("o", edit.line);
	type("/\t");
	check_str("o/one ", edit.line);
}

TEST(edit_tab_in_the_middle_keeps_the_rest)
{
	start();
	type("de kfree_skb\x01\x06\x06\t");
	check_screen("> detach  kfree_skb", 9);
}

TEST(edit_tab_without_candidate_does_nothing)
{
	start();
	type("zz\t\t");
	check_screen("> zz", 4);
	check_eq(0, term.row);
}

TEST(edit_tab_counts_what_it_does_not_list)
{
	start();
	edit.complete = offer_many;
	type("f\t");
	check_screen("> f", 3);
	check_str("... and 80 more", row(term.row - 1));
}

TEST(edit_without_terminal_is_silent)
{
	start();
	term_clear();
	edit.echo = false;
	edit_begin(&edit);
	check_eq(EDIT_DONE, type("at\n"));
	check_str("at", edit.line);
	check_eq(0, term.bytes);
}

/* A script's lines: no byte is a key, except ^C, and the end of input at the start of a line. */
TEST(edit_without_terminal_has_no_keys)
{
	static const char line[] = "a\t\x01" LEFT "\x04\x7f\xc3\xa9";
	start();
	term_clear();
	edit.echo = false;
	edit_begin(&edit);
	type("dropped\x03");
	check_eq(0, term.bytes);
	type(line);
	check_str(line, edit.line);
	check_eq(EDIT_END, type("\n\x04"));
}

TEST(edit_says_that_a_line_was_too_long)
{
	start();
	edit.echo = false;
	edit_begin(&edit);
	for (u32 i = 0; i < EDIT_LINE - 1; i++)
		type("x");
	check_eq(false, edit.is_cut);
	type("y");
	check_eq(true, edit.is_cut);
	check_eq(EDIT_LINE - 1, edit.len);
	edit_begin(&edit);
	check_eq(false, edit.is_cut);
}
