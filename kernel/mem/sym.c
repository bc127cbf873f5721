// SPDX-License-Identifier: MIT
// The symbol table of the build: sorted by address, searched by halving.
#include "kernel/mem/sym.h"
#include "kernel/io/blobs.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/sorted.h"
#include "kernel/mem/text.h"

extern const u8 text_start[], text_end[];

notrace bool sym_nth(u32 i, struct sym *sym)
{
	if (i >= sym_count)
		return false;
	const struct sym_entry *e = &sym_table[i];
	*sym = (struct sym){ (uptr)text_start + e->offset, e->len, sym_names + e->name_off, e->no_return };
	return true;
}

notrace bool sym_at(uptr addr, struct sym *sym)
{
	if (addr < (uptr)text_start || addr >= (uptr)text_end)
		return false;
	u32 offset = (u32)(addr - (uptr)text_start);
	u32 behind = lower_bound(sym_table, sym_count, offset, offset + 1);
	return behind && offset - sym_table[behind - 1].offset < sym_table[behind - 1].len &&
	       sym_nth(behind - 1, sym);
}

bool sym_named(const char *name, struct sym *sym)
{
	for (u32 i = 0; sym_nth(i, sym); i++)
		if (strcmp(sym->name, name) == 0)
			return true;
	return false;
}

const char *sym_inlined_next(const char *name)
{
	const char *next = inlined_functions;
	if (name) {
		const char *into = name + strlen(name) + 1;
		next = into + strlen(into) + 1;
	}
	return *next ? next : NULL;
}

const char *sym_inlined_into(const char *name)
{
	for (const char *at = sym_inlined_next(NULL); at; at = sym_inlined_next(at))
		if (strcmp(at, name) == 0)
			return at + strlen(at) + 1;
	return NULL;
}

bool sym_variable(const char *name, uptr *addr)
{
	for (const struct var_entry *v = var_table; v->name; v++) {
		if (strcmp(v->name, name) == 0) {
			*addr = v->addr;
			return true;
		}
	}
	return false;
}

notrace const char *sym_name(uptr addr, uptr *offset)
{
	struct sym sym;
	const struct text *t = text_find(addr);
	bool in_function = sym_at(addr, &sym);
	if (!in_function && !t)
		return NULL;
	*offset = addr - (in_function ? sym.addr : t->base);
	return in_function ? sym.name : t->name;
}

notrace void sym_print(struct strbuf *s, uptr addr)
{
	uptr offset;
	const char *name = sym_name(addr, &offset);
	if (name)
		str_printf(s, "%s+0x%lx", name, offset);
	else
		str_printf(s, "0x%lx", addr);
}
