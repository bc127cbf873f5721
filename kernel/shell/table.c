// SPDX-License-Identifier: MIT
// Tables keep their cells as text until all are known; only then are the widths.
#include "kernel/shell/table.h"
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"

void table_begin(struct table *t, const struct column *columns, u32 count)
{
	*t = (struct table){ .columns = columns, .column_count = count };
	for (u32 i = 0; i < count; i++)
		t->width[i] = (u32)strlen(columns[i].name);
}

static bool grow(struct table *t, u32 more)
{
	u32 cap = max(2 * t->cap, 4096u);
	if (t->len + more <= t->cap)
		return true;
	char *text = kmalloc(cap);
	if (!text)
		return false;
	memcpy(text, t->text, t->len);
	kfree(t->text);
	t->text = text;
	t->cap = cap;
	return true;
}

void table_cell(struct table *t, const char *fmt, ...)
{
	char cell[256] = "";
	struct strbuf s = STRBUF(cell);
	va_list args;
	va_start(args, fmt);
	str_vprintf(&s, fmt, args);
	va_end(args);
	if (!t->err && !grow(t, s.len + 1))
		t->err = ENOMEM;
	if (t->err)
		return;
	memcpy(t->text + t->len, cell, s.len + 1);
	t->len += s.len + 1;
	u32 *width = &t->width[t->cells++ % t->column_count];
	*width = max(*width, s.len);
}

/* Words that do not fit a terminal go into rows of their own, under the beginning of theirs. */
static void wrap(struct strbuf *row, u32 column, const char *text)
{
	while (column + strlen(text) > TABLE_WIDTH) {
		u32 end = TABLE_WIDTH - min(column, (u32)TABLE_WIDTH);
		while (end && text[end] != ' ')
			end--;
		if (!end)
			break;
		str_printf(row, "%.*s\n%*s", (int)end, text, (int)column, "");
		text += end + 1;
	}
	str_printf(row, "%s\n", text);
}

/* One cell; the last of a row gets no spaces behind it. */
static void print_cell(const struct table *t, struct strbuf *row, u32 column, const char *text)
{
	bool last = column == t->column_count - 1;
	int width = (int)t->width[column];
	if (t->columns[column].align == LEFT && last) {
		wrap(row, row->len, text);
		return;
	}
	if (t->columns[column].align == LEFT)
		width = -width;
	str_printf(row, "%*s%s", width, text, last ? "\n" : "  ");
}

enum err table_print(struct table *t)
{
	const char *cell = t->text;
	char line[1024];
	struct strbuf row = STRBUF(line);
	for (u32 i = 0; i < t->column_count && !t->err; i++)
		print_cell(t, &row, i, t->columns[i].name);
	kputs(line, row.len);
	for (u32 i = 0; i < t->cells && !t->err; i++, cell += strlen(cell) + 1) {
		u32 column = i % t->column_count;
		if (column == 0)
			row = STRBUF(line);
		print_cell(t, &row, column, cell);
		if (column == t->column_count - 1)
			kputs(line, row.len);
	}
	kfree(t->text);
	t->text = NULL;
	return t->err;
}
