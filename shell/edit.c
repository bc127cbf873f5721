// SPDX-License-Identifier: MIT
// The line editor. Every change ends in show(), which draws the whole row anew; only a character
// typed at the end of the row is sent alone.
#include "shell/edit.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"

#define CTRL(key)   ((key)&0x1f)
#define MATCHES_MAX 120 /* candidates that are listed; the rest is only counted */

/* Where in an escape sequence we are: ESC, ESC [ or ESC O, and behind a ';'. */
enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_CSI_SECOND };

struct edit_matches {
	struct edit *edit;
	const char *word;
	u32 word_len;
	u32 count;             /* matches so far */
	u32 common;            /* how many characters all of them share */
	char first[EDIT_LINE]; /* the first match, cut to what a line holds */
	u32 widest;
	bool listing; /* second pass: print them */
	u32 column;
};

static void send(const struct edit *e, const char *text)
{
	if (e->echo)
		e->write(text, (u32)strlen(text));
}

static u32 room(const struct edit *e)
{
	u32 prompt = (u32)strlen(e->prompt);
	/* One column stays free: a terminal wraps when the last one is written. */
	return e->columns > prompt + 8 ? e->columns - prompt - 1 : 7;
}

/* Draws the row: the prompt, the part of the line around the cursor, and the cursor in its place. */
static void show(struct edit *e)
{
	char row[EDIT_LINE + 128];
	struct strbuf s = STRBUF(row);
	u32 fits = room(e);
	if (!e->echo)
		return;
	if (e->cursor <= e->shown)
		e->shown = e->cursor - min(e->cursor, fits / 2);
	if (e->cursor > e->shown + fits)
		e->shown = e->cursor - fits;
	str_printf(&s, "\r%s%.*s\x1b[K", e->prompt, (int)fits, e->line + e->shown);
	u32 behind = min(e->len - e->shown, fits) - (e->cursor - e->shown);
	if (behind)
		str_printf(&s, "\x1b[%uD", behind);
	send(e, row);
}

static void insert(struct edit *e, char ch)
{
	if (e->len + 1 >= EDIT_LINE) {
		e->is_cut = true;
		return;
	}
	memmove(e->line + e->cursor + 1, e->line + e->cursor, e->len + 1 - e->cursor);
	e->line[e->cursor++] = ch;
	e->len++;
	if (e->cursor == e->len && e->cursor <= e->shown + room(e))
		send(e, (char[]){ ch, 0 });
	else
		show(e);
}

static void erase(struct edit *e, u32 from, u32 to)
{
	memmove(e->line + from, e->line + to, e->len + 1 - to);
	e->len -= to - from;
	e->cursor = from;
	show(e);
}

static void move(struct edit *e, u32 to)
{
	e->cursor = to;
	show(e);
}

static void replace(struct edit *e, const char *text)
{
	str_copy(e->line, text, EDIT_LINE);
	e->len = e->cursor = (u32)strlen(e->line);
	e->shown = 0;
	show(e);
}

static u32 word_left(const struct edit *e)
{
	u32 at = e->cursor;
	while (at && e->line[at - 1] == ' ')
		at--;
	while (at && e->line[at - 1] != ' ')
		at--;
	return at;
}

static u32 word_right(const struct edit *e)
{
	u32 at = e->cursor;
	while (at < e->len && e->line[at] == ' ')
		at++;
	while (at < e->len && e->line[at] != ' ')
		at++;
	return at;
}

static void history_show(struct edit *e, u32 at)
{
	if (at > e->history_count || at + EDIT_HISTORY < e->history_count)
		return;
	if (e->history_at == e->history_count)
		memcpy(e->draft, e->line, EDIT_LINE);
	e->history_at = at;
	replace(e, at == e->history_count ? e->draft : e->history[at % EDIT_HISTORY]);
}

static void history_add(struct edit *e)
{
	if (!e->len)
		return;
	if (e->history_count && strcmp(e->history[(e->history_count - 1) % EDIT_HISTORY], e->line) == 0)
		return;
	memcpy(e->history[e->history_count++ % EDIT_HISTORY], e->line, EDIT_LINE);
}

/* Columns as wide as the widest candidate, as many as the row holds. */
static void list(struct edit_matches *m, const char *candidate)
{
	u32 len = (u32)strlen(candidate);
	u32 per_row = max(m->edit->columns / (m->widest + 2), 1u);
	if (m->count > MATCHES_MAX)
		return;
	send(m->edit, candidate);
	for (; m->column + 1 < per_row && len < m->widest + 2; len++)
		send(m->edit, " ");
	if (++m->column >= per_row) {
		send(m->edit, "\r\n");
		m->column = 0;
	}
}

static void list_all(struct edit *e, struct edit_matches *m, u32 word)
{
	u32 total = m->count;
	m->count = 0;
	m->listing = true;
	send(e, "\r\n");
	e->complete(m, m->word - word, word);
	if (m->column)
		send(e, "\r\n");
	if (total > MATCHES_MAX) {
		char text[48];
		struct strbuf s = STRBUF(text);
		str_printf(&s, "... and %u more\r\n", total - MATCHES_MAX);
		send(e, text);
	}
	show(e);
}

static bool ends_word(char ch)
{
	return ch == ' ' || ch == ';' || ch == '"' || ch == '\'';
}

static void tab(struct edit *e)
{
	char before[EDIT_LINE];
	u32 word = e->cursor;
	while (word && !ends_word(e->line[word - 1]))
		word--;
	memcpy(before, e->line, e->cursor);
	before[e->cursor] = 0;
	struct edit_matches m = { .edit = e, .word = before + word, .word_len = e->cursor - word };
	if (!e->complete)
		return;
	e->complete(&m, before, word);
	if (!m.count)
		return;
	if (m.count > 1 && m.common == m.word_len) {
		list_all(e, &m, word);
		return;
	}
	for (u32 i = m.word_len; i < m.common; i++)
		insert(e, m.first[i]);
	if (m.count == 1)
		insert(e, ' ');
}

static void control_key(struct edit *e, char key)
{
	switch (key) {
	case CTRL('A'): move(e, 0); break;
	case CTRL('B'): move(e, e->cursor ? e->cursor - 1 : 0); break;
	case CTRL('D'): erase(e, e->cursor, min(e->cursor + 1, e->len)); break;
	case CTRL('E'): move(e, e->len); break;
	case CTRL('F'): move(e, min(e->cursor + 1, e->len)); break;
	case CTRL('H'):
	case 0x7f: erase(e, e->cursor ? e->cursor - 1 : 0, e->cursor); break;
	case CTRL('I'): tab(e); break;
	case CTRL('K'): erase(e, e->cursor, e->len); break;
	case CTRL('L'):
		send(e, "\x1b[H\x1b[2J");
		show(e);
		break;
	case CTRL('N'): history_show(e, e->history_at + 1); break;
	case CTRL('P'): history_show(e, e->history_at - 1); break;
	case CTRL('U'): erase(e, 0, e->cursor); break;
	case CTRL('W'): erase(e, word_left(e), e->cursor); break;
	}
}

/* ESC [ number ~, for the keys that have no letter. */
static void numbered_key(struct edit *e, u32 number)
{
	switch (number) {
	case 1:
	case 7: move(e, 0); break;
	case 3: control_key(e, CTRL('D')); break;
	case 4:
	case 8: move(e, e->len); break;
	}
}

/* The last byte of ESC [ ... or ESC O ...; param is set for a key held with ^ or Alt. */
static void final_key(struct edit *e, char key)
{
	bool with_ctrl = e->escape == ESCAPE_CSI_SECOND;
	switch (key) {
	case 'A': control_key(e, CTRL('P')); break;
	case 'B': control_key(e, CTRL('N')); break;
	case 'C': move(e, with_ctrl ? word_right(e) : min(e->cursor + 1, e->len)); break;
	case 'D': move(e, with_ctrl ? word_left(e) : e->cursor - !!e->cursor); break;
	case 'F': move(e, e->len); break;
	case 'H': move(e, 0); break;
	case '~': numbered_key(e, e->param); break;
	}
}

/* The key behind a lone ESC: readline's Alt keys. */
static void meta_key(struct edit *e, char key)
{
	switch (key) {
	case 'b': move(e, word_left(e)); break;
	case 'd': erase(e, e->cursor, word_right(e)); break;
	case 'f': move(e, word_right(e)); break;
	}
}

static void escape_key(struct edit *e, char byte)
{
	if (e->escape == ESCAPE_BEGUN) {
		e->param = 0;
		e->escape = byte == '[' || byte == 'O' ? ESCAPE_CSI : ESCAPE_NONE;
		if (!e->escape)
			meta_key(e, byte);
		return;
	}
	if (byte >= '0' && byte <= '9') {
		if (e->escape == ESCAPE_CSI)
			e->param = (e->param * 10 + (u32)(byte - '0')) & 0xff;
		return;
	}
	if (byte == ';') {
		e->escape = ESCAPE_CSI_SECOND;
		return;
	}
	if (byte >= 0x40 && byte <= 0x7e)
		final_key(e, byte);
	if (byte < 0x20 || byte >= 0x40)
		e->escape = ESCAPE_NONE;
}

void edit_offer(struct edit_matches *m, const char *candidate)
{
	if (strncmp(candidate, m->word, m->word_len) != 0)
		return;
	m->count++;
	if (m->listing) {
		list(m, candidate);
		return;
	}
	if (m->count == 1) {
		str_copy(m->first, candidate, sizeof(m->first));
		m->common = (u32)strlen(m->first);
	}
	m->widest = max(m->widest, (u32)strlen(candidate));
	for (u32 i = 0; i < m->common; i++)
		if (candidate[i] != m->first[i])
			m->common = i;
}

bool edit_begins(const struct edit_matches *m, const char *prefix)
{
	return strncmp(m->word, prefix, strlen(prefix)) == 0;
}

void edit_begin(struct edit *e)
{
	e->len = e->cursor = e->shown = 0;
	e->line[0] = 0;
	e->is_cut = false;
	e->escape = ESCAPE_NONE;
	e->history_at = e->history_count;
	send(e, e->prompt);
}

enum edit_result edit_key(struct edit *e, char byte)
{
	bool second_of_pair = e->last == '\r' && byte == '\n';
	e->last = byte;
	if (second_of_pair)
		return EDIT_MORE;
	if (byte == '\r' || byte == '\n') {
		send(e, "\r\n");
		history_add(e);
		return EDIT_DONE;
	}
	if (e->escape) {
		escape_key(e, byte);
		return EDIT_MORE;
	}
	if (byte == CTRL('D') && !e->len) {
		send(e, "\r\n");
		return EDIT_END;
	}
	if (byte == CTRL('C')) {
		send(e, "^C\r\n");
		edit_begin(e);
	} else if (!e->echo && byte) {
		insert(e, byte);
	} else if (byte == 0x1b) {
		e->escape = ESCAPE_BEGUN;
	} else if (byte >= ' ' && byte < 0x7f) {
		insert(e, byte);
	} else {
		control_key(e, byte);
	}
	return EDIT_MORE;
}
