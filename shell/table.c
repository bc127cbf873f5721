// SPDX-License-Identifier: MIT
// A table keeps its cells as text until all of them, and so the widths of its columns, are known.
#include "shell/table.h"
#include "shell/json.h"
#include "shell/say.h"
#include "shell/style.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"

void table_begin(struct table *t, const char *heading)
{
	struct strbuf names = STRBUF(t->heading);
	*t = (struct table){ 0 };
	for (u32 i = 0; *heading; i = t->column_count) {
		t->right[i] = *heading == '>';
		t->is_name[i] = *heading == '*';
		heading += t->right[i] || t->is_name[i];
		for (; *heading && *heading != '|'; heading++, t->width[i]++)
			str_putc(&names, *heading);
		t->word[i] = t->width[i];
		str_putc(&names, 0);
		heading += *heading == '|';
		t->column_count++;
	}
}

/* Makes a cell of the text behind the last one: up to the next tab, or all of it if no more cells follow. */
static void end_cell(struct table *t, bool last)
{
	char *cell = t->text + t->len;
	u32 i = t->cells++ % t->column_count, len = 0, word = 0;
	for (; cell[len] && (last || cell[len] != '\t'); len++) {
		word = cell[len] == ' ' ? 0 : word + 1;
		t->word[i] = max(t->word[i], word);
	}
	cell[len] = 0;
	t->len += len + 1;
	t->width[i] = max(t->width[i], style_width(cell));
}

/* Doubles the room until the cells fit. */
void table_add(struct table *t, const char *fmt, ...)
{
	struct strbuf s = { .cut = true };
	for (u32 room = 256; s.cut && !t->err; room *= 2) {
		if (!heap_grow(&t->text, t->len, &t->cap, room)) {
			t->err = ENOMEM;
			break;
		}
		va_list args;
		va_start(args, fmt);
		s = (struct strbuf){ .buf = t->text + t->len, .cap = room };
		t->text[t->len] = 0;
		str_vprintf(&s, fmt, args);
		va_end(args);
	}
	if (t->err)
		return;
	for (; *fmt; fmt++)
		if (*fmt == '\t')
			end_cell(t, false);
	end_cell(t, true);
}

void print_wrapped(const char *text, u32 column, u32 indent)
{
	u32 width = style_columns();
	while (column + strlen(text) > width) {
		u32 end = width - min(column, width);
		while (end && text[end] != ' ')
			end--;
		if (!end)
			break;
		kprintf("%.*s\n%*s", (int)end, text, (int)indent, "");
		text += end + 1;
		column = indent;
	}
	kputs(text, (u32)strlen(text));
	kputs("\n", 1);
}

/* A line that is being written. */
struct row {
	struct strbuf text;
	u32 shown; /* columns that the text takes, without escape sequences */
	u32 at;    /* the column where the next cell begins */
	bool narrow;
};

/* Spaces behind a column. */
static u32 gap(const struct table *t, u32 i, bool narrow)
{
	return narrow && i + 1 < t->column_count && t->right[i + 1] ? 1 : 2;
}

/* Whether columns of numbers stand closer: all of the row fits the terminal only so. */
static bool is_narrow(const struct table *t)
{
	u32 wide = 0, narrow = 0;
	for (u32 i = 0; i < t->column_count; i++) {
		wide += t->width[i] + gap(t, i, false);
		narrow += t->width[i] + gap(t, i, true);
	}
	return style_is_terminal() && wide > style_columns() + 2 && narrow <= style_columns() + 2;
}

static void end_line(struct row *r)
{
	if (r->text.len)
		kprintf("%s\n", r->text.buf);
	str_cut(&r->text, 0);
	r->shown = 0;
	r->at = TABLE_INDENT;
}

/* Adds a cell to the line, or to the next one if there is no room. */
static void put_cell(const struct table *t, struct row *r, u32 i, const char *text, bool coloured)
{
	bool may_wrap = !t->right[i] && (i == t->column_count - 1 || t->width[i] > style_columns());
	u32 len = style_width(text);
	if (style_is_terminal() && r->shown &&
	    r->at + (may_wrap ? t->word[i] : t->width[i]) > style_columns())
		end_line(r);
	u32 begin = r->at + (t->right[i] ? t->width[i] - len : 0);
	r->at += t->width[i] + gap(t, i, r->narrow);
	if (!len)
		return;
	str_printf(&r->text, "%*s", (int)(begin - r->shown), "");
	r->shown = begin + len;
	if (may_wrap && r->shown > style_columns()) {
		kputs(r->text.buf, r->text.len);
		str_cut(&r->text, 0);
		print_wrapped(text, begin, begin);
		end_line(r);
	} else {
		str_printf(&r->text, "%s%s%s", coloured ? style(STYLE_NAME) : "", text,
			   coloured ? style_end() : "");
	}
}

/* Prints the row that begins with this cell; returns the cell behind the row. */
static const char *print_row(const struct table *t, struct row *r, const char *cell)
{
	r->at = 0;
	for (u32 i = 0; i < t->column_count; i++, cell += strlen(cell) + 1)
		put_cell(t, r, i, cell, t->is_name[i] && cell >= t->text && cell < t->text + t->len);
	end_line(r);
	return cell;
}

static enum err print_rows(struct table *t)
{
	enum { ESCAPES = 80 };
	struct row r = { .text.cap = TABLE_INDENT + 1, .narrow = is_narrow(t) };
	for (u32 i = 0; i < t->column_count; i++)
		r.text.cap += t->width[i] + 2 + ESCAPES;
	r.text.buf = kmalloc(r.text.cap);
	if (!r.text.buf)
		return ENOMEM;
	const char *cell = t->text;
	enum err e = progress_stop(0, 0) ? EINTR : OK;
	if (!e)
		print_row(t, &r, t->heading);
	for (u32 i = t->column_count; i <= t->cells && !e; i += t->column_count) {
		cell = print_row(t, &r, cell);
		e = progress_stop(0, 0) ? EINTR : OK;
	}
	kfree(r.text.buf);
	return e;
}

enum err table_print(struct table *t, struct strbuf *log)
{
	if (!t->err && json_is_on())
		json_keep_table(t);
	else if (!t->err)
		t->err = print_rows(t);
	kfree(t->text);
	t->text = NULL;
	return t->err == ENOMEM ? str_refuse(log, ENOMEM, "no memory for the list") : t->err;
}

enum err table_print_or(struct table *t, const char *none, struct strbuf *log)
{
	if (t->cells || t->err || json_is_on())
		return table_print(t, log);
	kprintf("%s%s", none, *none ? "\n" : "");
	return OK;
}

void table_note(const char *fmt, ...)
{
	char text[SENTENCE_LEN];
	struct strbuf s = STRBUF(text);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	const char *begin = text;
	while (*begin == ' ')
		begin++;
	if (json_is_on())
		json_keep_note(begin);
	else
		kprintf("%s\n", text);
}
