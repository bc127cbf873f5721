// SPDX-License-Identifier: MIT
// Which functions programs may replace, and the sentence for the others.
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"

const struct injection *injection_of(const char *func)
{
	const struct injection *m;
	for (u32 i = 0; (m = injection_nth(i)); i++)
		if (strcmp(m->func, func) == 0)
			return m;
	return NULL;
}

static void print_replaceable(struct strbuf *s)
{
	const struct injection *m;
	u32 start = s->len;
	for (u32 i = 0; (m = injection_nth(i)); i++)
		if (m->kind != INJECT_NULL)
			str_printf(s, "%s%s", s->len == start ? "" : ", ", m->func);
}

enum err injection_check(const char *func, bool replaces, struct strbuf *log)
{
	const struct injection *m = injection_of(func);
	if (m && m->kind == INJECT_NULL && replaces)
		return str_refuse(
		    log, EINVAL,
		    "%s returns an address, and a number in its place would be no address; return 0, "
		    "which lets it run",
		    func);
	if (m)
		return OK;
	str_printf(
	    log,
	    "no program may return something in place of %s, which is not marked with ALLOW_ERROR_INJECTION; "
	    "watch it with fentry or fexit, or replace one of ",
	    func);
	print_replaceable(log);
	return EINVAL;
}
