// SPDX-License-Identifier: MIT
// The sentence with which each part of the verifier refuses.
#include "vm/source.h"
#include "vm/verify/parts.h"

enum err verify_refuse(struct verify *v, u32 idx, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	str_printf(v->log, "insn %u: ", idx);
	str_vprintf(v->log, fmt, args);
	va_end(args);
	source_print_insn(v->log, v->p, idx);
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
