// SPDX-License-Identifier: MIT
// Lines that are broken between words, as a terminal of that width shows them.
#include "tests/test.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/wrap.h"

static char shown[256];
static struct strbuf out;

static void put(char ch)
{
	str_putc(&out, ch);
}

static void write(struct wrap *w, const char *text)
{
	wrap_write(w, text, (u32)strlen(text), true);
}

static const char *wrapped(u32 columns, const char *text)
{
	struct wrap w = { .columns = columns, .put = put };
	out = STRBUF(shown);
	write(&w, text);
	return shown;
}

TEST(wrap_breaks_between_words)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "ten columns", "ten\n  columns" },
		{ "a word here\n", "a word\n  here\n" },
		{ "exactly 10\nnext", "exactly 10\nnext" },
		{ "two  words and  more", "two  words\n     and\n     more" },
		{ "a  bcd efg hij", "a  bcd efg\n   hij" },
		{ "  b cd efgh ij", "  b cd\n    efgh\n    ij" },
		{ "longer-than-a-row and on", "longer-than-a-row\n  and on" },
		{ "trailing  \nx", "trailing\nx" },
		{ "\x1b[36mred\x1b[0m blue g", "\x1b[36mred\x1b[0m blue g" },
		{ "abcde \x1b[36mred\x1b[0m", "abcde \x1b[36mred\x1b[0m" },
		{ "abcdef \x1b[36mblue\x1b[0m", "abcdef\n  \x1b[36mblue\x1b[0m" },
		{ "a\tb", "a       b" },
		{ "prompt> ", "prompt> " },
		{ "12345678\rab cd", "12345678\rab cd" },
	};
	for (u32 i = 0; i < array_len(cases); i++)
		check_str(cases[i].want, wrapped(10, cases[i].text));
}

TEST(wrap_without_a_terminal_changes_nothing)
{
	static const char text[] = "a  line\twith trailing  \n spaces, that is longer";
	check_str(text, wrapped(0, text));
}

/* Pieces of a line come one after the other, some of them from kputs. */
TEST(wrap_goes_on_where_the_last_text_ended)
{
	struct wrap w = { .columns = 10, .put = put };
	out = STRBUF(shown);
	write(&w, "12345 ");
	write(&w, "7890 ");
	write(&w, "next ");
	wrap_write(&w, "as it is, long", 14, false);
	write(&w, "er");
	write(&w, "\nshort");
	check_str("12345 7890 \n  next as it is, longer\nshort", shown);
}
