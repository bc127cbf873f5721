// SPDX-License-Identifier: MIT
// What several commands print.
#include "kernel/shell/show.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86dis.h"
#include "kernel/sym.h"

void show_bytes(struct strbuf *s, const u8 *bytes, u32 len)
{
	for (u32 i = 0; i < len; i++)
		str_printf(s, "%s%02x", i ? " " : "", bytes[i]);
}

u32 show_insn(struct strbuf *s, const u8 *code, u32 len, uptr ip)
{
	u32 start = s->len;
	u32 used = x86_disasm(s, code, len, ip);
	uptr target = used ? x86_target(code, used, ip) : 0;
	struct text *t = text_find(ip);
	if (!used) {
		str_printf(s, "db 0x%02x", code[0]);
		return 1;
	}
	/* A name says more than an address, except for a jump inside one block. */
	if (target && (!t || text_find(target) != t)) {
		s->len = start;
		while (s->buf[s->len] != ' ')
			s->len++;
		str_putc(s, ' ');
		sym_print(s, target);
	}
	return used;
}

enum err show_find_site(struct site **site, const char *func)
{
	struct sym sym;
	*site = site_named(func);
	if (*site)
		return OK;
	if (sym_named(func, &sym))
		return shell_fail(EOPNOTSUPP, "%s has no site: it is notrace or written in assembly", func);
	return shell_fail(ENOENT, "no function is called %s", func);
}

enum err show_find_prog(struct prog **p, const char *name)
{
	*p = prog_named(name);
	return *p ? OK : shell_fail(ENOENT, "no program is called %s; prog list names them", name);
}
