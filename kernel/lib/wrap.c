// SPDX-License-Identifier: MIT
// Spaces are written only when the next word fits behind them: so a broken row has none at its end.
#include "kernel/lib/wrap.h"

enum { TAB = 8, HANGING = 2 };

bool wrap_escape(bool *inside, char ch)
{
	bool ends = *inside && ((ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z'));
	bool belongs = *inside || ch == 0x1b;
	*inside = belongs && !ends;
	return belongs;
}

static bool ends_word(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static u32 word_width(const char *text, u32 len)
{
	bool inside = false;
	u32 width = 0;
	for (u32 i = 0; i < len && !ends_word(text[i]); i++)
		width += !wrap_escape(&inside, text[i]);
	return width;
}

static void put_spaces(struct wrap *w, u32 count)
{
	w->column += count;
	while (count--)
		w->put(' ');
}

/* Writes the spaces that wait, or ends the row if the word does not fit behind them. */
static void begin_word(struct wrap *w, u32 width)
{
	u32 begin = w->column + w->gap;
	bool is_first = w->column == 0;
	if (!is_first && w->after_space && begin + width > w->columns) {
		w->put('\n');
		w->column = 0;
		put_spaces(w, w->indent);
	} else {
		put_spaces(w, w->gap);
		if (is_first || (w->gap >= 2 && begin <= w->columns / 2))
			w->indent = min(begin + (is_first ? HANGING : 0), w->columns / 2);
	}
	w->gap = 0;
}

static void write_char(struct wrap *w, char ch)
{
	w->put(ch);
	w->in_word = !ends_word(ch); /* an escape sequence begins the word behind it */
	if (wrap_escape(&w->in_escape, ch))
		return;
	w->column = ch == '\n' || ch == '\r' ? 0 : w->column + 1;
	w->after_space = ends_word(ch);
}

void wrap_write(struct wrap *w, const char *text, u32 len, bool breaks)
{
	breaks = breaks && w->columns;
	for (u32 i = 0; i < len; i++) {
		char ch = text[i];
		if (breaks && (ch == ' ' || ch == '\t')) {
			w->gap += ch == ' ' ? 1 : TAB - (w->column + w->gap) % TAB;
			w->after_space = true;
			w->in_word = false;
			continue;
		}
		if (ch == '\n')
			w->gap = 0;
		if (breaks && !w->in_word && ch != '\n')
			begin_word(w, word_width(text + i, len - i));
		write_char(w, ch);
	}
	put_spaces(w, w->gap);
	w->gap = 0;
}
