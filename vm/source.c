// SPDX-License-Identifier: MIT
// From instructions to lines of C.
#include "vm/source.h"
#include "kernel/lib/mem.h"

notrace const struct line_info *source_line(const struct prog *p, u32 idx)
{
	const struct line_info *found = NULL;
	for (u32 i = 0; i < p->line_count && p->lines[i].insn_idx <= idx; i++)
		found = &p->lines[i];
	return found;
}

void source_print(struct strbuf *s, const struct btf *b, u32 file_off, u32 line)
{
	const char *file = str_base(btf_name(b, file_off));
	if (*file)
		str_printf(s, ", at %s:%u", file, line);
}

void source_print_insn(struct strbuf *s, const struct prog *p, u32 idx)
{
	const struct line_info *line = source_line(p, idx);
	if (line)
		source_print(s, &p->object->btf, line->file_off, line->line);
}

const char *source_text(const struct prog *p, u32 insn_idx, u32 *line)
{
	for (u32 i = 0; i < p->line_count; i++) {
		const char *text;
		if (p->lines[i].insn_idx != insn_idx)
			continue;
		if (i && p->lines[i].line_off == p->lines[i - 1].line_off)
			return NULL; /* another column of the same line */
		text = btf_name(&p->object->btf, p->lines[i].line_off);
		while (*text == ' ' || *text == '\t')
			text++;
		*line = p->lines[i].line;
		return *text ? text : NULL;
	}
	return NULL;
}

static bool is_in_name(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_';
}

static const char *behind_spaces(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* Behind spaces and a cast. */
static const char *behind_cast(const char *text)
{
	text = behind_spaces(text);
	return *text == '(' ? behind_spaces(text + str_until(text, ')') + 1) : text;
}

bool source_print_result(struct strbuf *s, const struct prog *p, u32 insn_idx, const char *function)
{
	const struct line_info *line = source_line(p, insn_idx);
	const char *text = line ? btf_name(&p->object->btf, line->line_off) : "";
	u32 equals = str_until(text, '='), end = equals;
	while (end && text[end - 1] == ' ')
		end--;
	u32 begin = end;
	while (begin && is_in_name(text[begin - 1]))
		begin--;
	bool is_member = begin && (text[begin - 1] == '.' || text[begin - 1] == '>');
	if (begin == end || is_member || !text[equals] ||
	    strncmp(behind_cast(text + equals + 1), function, strlen(function)))
		return false;
	str_printf(s, "%.*s", (int)(end - begin), text + begin);
	return true;
}
