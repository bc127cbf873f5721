// SPDX-License-Identifier: MIT
// What several commands print.
#include "shell/show.h"
#include "shell/style.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/nearest.h"
#include "kernel/lib/x86dis.h"
#include "kernel/mem/sym.h"
#include "attach/attach.h"
#include "shell/place.h"
#include "shell/say.h"
#include "shell/table.h"
#include "tramp/text/misnamed.h"
#include "vm/object.h"

void show_symbol(struct strbuf *s, uptr addr)
{
	uptr offset;
	const char *name = sym_name(addr, &offset);
	if (!name) {
		str_printf(s, "0x%lx", addr);
		return;
	}
	/* bpf_prog_TAG_NAME: the tag has 16 digits. */
	bool prog = strncmp(name, "bpf_prog_", 9) == 0 && strlen(name) > 26;
	str_puts(s, prog ? name + 26 : name);
	if (offset)
		str_printf(s, "+0x%lx", offset);
}

void show_site_bytes(struct strbuf *s, const u8 now[SITE_LEN], const u8 before[SITE_LEN])
{
	for (u32 i = 0; i < SITE_LEN; i++) {
		bool is_new = now[i] != before[i];
		str_printf(s, "%s%s%02x%s", i ? " " : "", is_new ? style(STYLE_CHANGED) : "", now[i],
			   is_new ? style_end() : "");
	}
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
	if (!target)
		return used;
	for (s->len = start; s->buf[s->len] != ' ';)
		s->len++;
	str_putc(s, ' ');
	if (t && text_find(target) == t)
		str_printf(s, "0x%lx", target - t->base);
	else
		show_symbol(s, target);
	return used;
}

void show_inlined(const char *func)
{
	const char *into = sym_inlined_into(func);
	if (into)
		table_note("  also inlined, so calls by these do not pass here: %s", into);
}

u32 show_programs(const struct tramp *t)
{
	u32 programs = 0;
	for (u32 i = 0; i < t->hook_count; i++)
		programs += !t->hooks[i].session || t->hooks[i].kind == HOOK_FENTRY;
	return programs;
}

enum err show_find_site(struct site **site, const char *func, struct strbuf *log)
{
	struct prog *p;
	*site = site_named(func);
	if (*site)
		return OK;
	if (place_is(func))
		return place_site(site, func, log);
	if (progs_named(func, &p)) {
		enum err e = find_prog(&p, func, log);
		*site = e ? NULL : attach_site_of(p);
		if (e || *site)
			return e;
		return str_refuse(log, ENOENT, "%s is a program, and nothing is attached to it", func);
	}
	return site_refuse(func, log);
}

static enum err refuse_selection(const char *name, struct strbuf *log)
{
	struct nearest n = { .wrong = name };
	for (const struct object *o = object_first(); o; o = o->next) {
		nearest_offer(&n, o->name);
		for (u32 i = 0; i < o->prog_count; i++)
			nearest_offer(&n, o->progs[i]->name);
	}
	str_printf(log, "no program or object is called %s", name);
	nearest_print(&n, log, "; prog list names them");
	return ENOENT;
}

enum err show_select(struct selection *sel, const char *name, struct strbuf *log)
{
	struct object *o = object_named(name);
	*sel = (struct selection){ .progs = &sel->one, .count = 1 };
	if (progs_named(name, &sel->one))
		return find_prog(&sel->one, name, log);
	if (!o)
		return refuse_selection(name, log);
	if (o->prog_count == 0)
		return str_refuse(log, ENOENT, "the object %s has no programs", name);
	sel->progs = o->progs;
	sel->count = o->prog_count;
	return OK;
}
