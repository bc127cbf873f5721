// SPDX-License-Identifier: MIT
// The document grows as text, "\"programs\":[...],\"note\":\"...\"", and gets its braces at the end.
#include "shell/json.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "shell/style.h"

static struct {
	bool on, failed, coloured;
	char note[1024];          /* the sentences, one behind the other */
	u32 members, value_at;    /* value_at: where the first member's value begins */
	char last[TABLE_HEADING]; /* the key of the last table, */
	u32 same;                 /* and how many before it had the same */
	char *text;
	u32 len, cap;
} doc;

static void append(const char *text, u32 len)
{
	if (!heap_grow(&doc.text, doc.len, &doc.cap, len)) {
		doc.failed = true;
		return;
	}
	memcpy(doc.text + doc.len, text, len);
	doc.len += len;
}

static void append_text(const char *text)
{
	append(text, (u32)strlen(text));
}

static void put_quoted(const char *text)
{
	append("\"", 1);
	for (; *text; text++) {
		char escape[8];
		struct strbuf s = STRBUF(escape);
		if (*text == '"' || *text == '\\')
			append("\\", 1);
		if (*text >= ' ' && *text <= '~')
			append(text, 1);
		else
			str_printf(&s, "\\u%04x", (u8)*text);
		append(escape, s.len);
	}
	append("\"", 1);
}

/* The heading "apic id" is the key "apic_id". */
static void put_key(const char *heading, const char *behind)
{
	char key[TABLE_HEADING] = "";
	struct strbuf s = STRBUF(key);
	str_printf(&s, "%s%s", heading, behind);
	for (u32 i = 0; i < s.len; i++)
		key[i] = key[i] == ' ' ? '_' : key[i];
	put_quoted(key);
	append(":", 1);
}

static const char *skip_digits(const char *text)
{
	while (*text >= '0' && *text <= '9')
		text++;
	return text;
}

static bool is_number(const char *text)
{
	const char *digits = text + (*text == '-'), *end = skip_digits(digits);
	if (end == digits || (*digits == '0' && end > digits + 1))
		return false;
	if (*end == '.' && skip_digits(end + 1) > end + 1)
		end = skip_digits(end + 1);
	return !*end;
}

/* In a column of numbers, a cell without one is null. */
static void put_cell_value(const char *text, bool number)
{
	if (number && is_number(text))
		append_text(text);
	else if (number && (!*text || strcmp(text, "-") == 0))
		append_text("null");
	else
		put_quoted(text);
}

static void begin_member(const char *name, const char *behind)
{
	if (doc.members++)
		append(",", 1);
	put_key(name, behind);
	doc.value_at = doc.members == 1 ? doc.len : doc.value_at;
}

/* Writes the row that begins with this cell; returns the cell behind the row. */
static const char *put_row(const struct table *t, const char *cell)
{
	const char *heading = t->heading;
	for (u32 i = 0; i < t->column_count; i++) {
		append(i ? "," : "{", 1);
		put_key(heading, "");
		put_cell_value(cell, t->right[i]);
		heading += strlen(heading) + 1;
		cell += strlen(cell) + 1;
	}
	append("}", 1);
	return cell;
}

void json_keep_table(const struct table *t)
{
	char key[TABLE_HEADING] = "", number[12] = "";
	const char *heading = t->heading, *cell = t->text;
	for (u32 i = 0; i < t->column_count; i++, heading += strlen(heading) + 1)
		if (t->is_name[i] && !t->key)
			str_printf(&STRBUF(key), "%ss", heading);
	if (t->key)
		str_puts(&STRBUF(key), t->key);
	doc.same = strcmp(key, doc.last) ? 0 : doc.same + 1;
	str_copy(doc.last, key, sizeof(doc.last));
	if (doc.same)
		str_printf(&STRBUF(number), "%u", doc.same + 1);
	begin_member(key, number);
	append("[", 1);
	for (u32 i = t->column_count; i <= t->cells; i += t->column_count) {
		if (i > t->column_count)
			append(",", 1);
		cell = put_row(t, cell);
	}
	append("]", 1);
}

void json_keep_note(const char *text)
{
	struct strbuf s = STRBUF(doc.note);
	s.len = (u32)strlen(doc.note);
	str_printf(&s, "%s%s", s.len ? "\n" : "", text);
}

void json_begin(void)
{
	memset(&doc, 0, sizeof(doc));
	doc.on = true;
	doc.coloured = style_is_coloured();
	style_set(false, style_columns());
}

bool json_is_on(void)
{
	return doc.on;
}

enum err json_end(enum err e, struct strbuf *log)
{
	bool bare = doc.members == 1 && !*doc.note;
	u32 from = bare ? doc.value_at : 0;
	doc.on = false;
	style_set(doc.coloured, style_columns());
	if (*doc.note) {
		begin_member("note", "");
		put_quoted(doc.note);
	}
	if (!e && doc.failed)
		e = str_refuse(log, ENOMEM, "no memory for the list");
	if (!e) {
		kputs("{", !bare);
		kputs(doc.text + from, doc.len - from);
		kputs(bare ? "\n" : "}\n", bare ? 1 : 2);
	}
	kfree(doc.text);
	doc.text = NULL;
	return e;
}
