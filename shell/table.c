// SPDX-License-Identifier: MIT
// A table keeps its cells as text until all of them, and so the widths of its columns, are known.
#include "shell/table.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"

void table_begin(struct table *t, const char *heading)
{
	struct strbuf names = STRBUF(t->heading);
	*t = (struct table){ 0 };
	for (u32 i = 0; *heading; i = t->column_count) {
		t->right[i] = *heading == '>';
		heading += t->right[i];
		for (; *heading && *heading != '|'; heading++, t->width[i]++)
			str_putc(&names, *heading);
		str_putc(&names, 0);
		heading += *heading == '|';
		t->column_count++;
	}
}

static bool grow(struct table *t, u32 more)
{
	u32 cap = max(2 * t->cap, 4096u);
	if (t->len + more <= t->cap)
		return true;
	while (t->len + more > cap)
		cap *= 2;
	char *text = kmalloc(cap);
	if (!text)
		return false;
	memcpy(text, t->text, t->len);
	kfree(t->text);
	t->text = text;
	t->cap = cap;
	return true;
}

/* Makes a cell of the text behind the last one: up to the next tab, or all of it if no more cells follow. */
static void end_cell(struct table *t, bool last)
{
	char *cell = t->text + t->len;
	u32 len = 0, *width = &t->width[t->cells++ % t->column_count];
	while (cell[len] && (last || cell[len] != '\t'))
		len++;
	cell[len] = 0;
	t->len += len + 1;
	*width = max(*width, len);
}

/* Doubles the room until the cells fit. */
void table_add(struct table *t, const char *fmt, ...)
{
	struct strbuf s = { .cut = true };
	for (u32 room = 256; s.cut && !t->err; room *= 2) {
		if (!grow(t, room)) {
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
	while (column + strlen(text) > TABLE_WIDTH) {
		u32 end = TABLE_WIDTH - min(column, (u32)TABLE_WIDTH);
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

/* One cell; the last of a row gets no spaces behind it. */
static void print_cell(const struct table *t, struct strbuf *row, u32 column, const char *text)
{
	bool last = column == t->column_count - 1;
	int width = (int)t->width[column];
	if (!t->right[column] && last) {
		kputs(row->buf, row->len);
		print_wrapped(text, row->len, row->len);
		row->len = 0;
		return;
	}
	str_printf(row, "%*s%s", t->right[column] ? width : -width, text, last ? "\n" : "  ");
}

/* Prints the row that begins with this cell; returns the cell behind the row. */
static const char *print_row(const struct table *t, struct strbuf *row, const char *cell)
{
	row->len = 0;
	for (u32 i = 0; i < t->column_count; i++, cell += strlen(cell) + 1)
		print_cell(t, row, i, cell);
	kputs(row->buf, row->len);
	return cell;
}

enum err table_print(struct table *t, struct strbuf *log)
{
	struct strbuf row = { .cap = TABLE_WIDTH + 2 };
	for (u32 i = 0; i < t->column_count; i++)
		row.cap += t->width[i] + 2;
	row.buf = t->err ? NULL : kmalloc(row.cap);
	t->err = row.buf ? t->err : ENOMEM;
	if (!t->err) {
		const char *cell = t->text;
		print_row(t, &row, t->heading);
		for (u32 i = 0; i < t->cells; i += t->column_count)
			cell = print_row(t, &row, cell);
	}
	kfree(row.buf);
	kfree(t->text);
	t->text = NULL;
	return t->err ? str_refuse(log, t->err, "no memory for the list") : OK;
}
