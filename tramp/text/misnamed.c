// SPDX-License-Identifier: MIT
// Looks for the reason why a name finds no site: first the certain ones, then a guess.
#include "tramp/text/misnamed.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/nearest.h"
#include "kernel/mem/sym.h"
#include "tramp/text/site.h"

static bool is_ambiguous(const char *func)
{
	for (u32 i = 0; i < site_count(); i++)
		if (site_nth(i)->ambiguous && strcmp(site_nth(i)->name, func) == 0)
			return true;
	return false;
}

enum err site_refuse(const char *func, struct strbuf *log)
{
	struct nearest n = { .wrong = func };
	const char *into = sym_inlined_into(func);
	struct sym sym;
	if (is_ambiguous(func))
		return str_refuse(log, EOPNOTSUPP, "%s cannot be traced: two functions have this name", func);
	if (sym_named(func, &sym))
		return str_refuse(log, EOPNOTSUPP, "%s has no site: it is notrace or written in assembly",
				  func);
	if (into)
		return str_refuse(log, EOPNOTSUPP, "%s has no site: it is inlined into %s", func, into);
	for (u32 i = 0; i < site_count(); i++)
		nearest_offer(&n, site_nth(i)->name);
	str_printf(log, "no function is called %s", func);
	nearest_print(&n, log, "");
	return ENOENT;
}

void site_each_without(const char *pattern, site_visitor *visit, void *arg)
{
	struct sym sym;
	for (u32 i = 0; sym_nth(i, &sym); i++)
		if (!site_at(sym.addr) && str_matches(sym.name, pattern))
			visit(sym.name, "no site, notrace or in assembly", arg);
	for (const char *name = sym_inlined_next(NULL); name; name = sym_inlined_next(name))
		if (str_matches(name, pattern) && !site_named(name) && !sym_named(name, &sym))
			visit(name, "no site, inlined", arg);
}
