// SPDX-License-Identifier: MIT
// Instructions to lines of C.
#include "vm/source.h"

static const char *base_name(const char *path)
{
	const char *base = path;
	for (; *path; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

void source_print(struct strbuf *s, const struct btf *b, u32 file_off, u32 line)
{
	const char *file = base_name(btf_name(b, file_off));
	if (*file)
		str_printf(s, ", at %s:%u", file, line);
}

void source_print_insn(struct strbuf *s, const struct prog *p, u32 idx)
{
	const struct line_info *found = NULL;
	for (u32 i = 0; i < p->line_count && p->lines[i].insn_idx <= idx; i++)
		found = &p->lines[i];
	if (found)
		source_print(s, &p->object->btf, found->file_off, found->line);
}
