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
