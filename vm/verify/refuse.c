// SPDX-License-Identifier: MIT
// The sentence with which each part of the verifier refuses.
#include "kernel/lib/mem.h"
#include "vm/source.h"
#include "vm/verify/parts.h"

enum err verify_refuse(struct verify *v, u32 idx, const char *fmt, ...)
{
	const struct line_info *line = source_line(v->p, idx);
	va_list args;
	va_start(args, fmt);
	if (line)
		str_printf(v->log, "%s:%u: ", str_base(btf_name(&v->p->object->btf, line->file_off)),
			   line->line);
	str_printf(v->log, "insn %u: ", idx);
	str_vprintf(v->log, fmt, args);
	va_end(args);
	return EINVAL;
}

enum err verify_lacks(struct verify *v, u32 idx)
{
	const struct lack *l = v->p->lacks;
	while (l->insn_idx != idx)
		l = l->next;
	verify_refuse(v, l->used_at, "%s", l->why);
	return ENOENT;
}
