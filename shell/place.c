// SPDX-License-Identifier: MIT
// From a place to an address, and from an address to the function, the image or the program that holds it.
#include "shell/place.h"
#include "shell/table.h"
#include "attach/attach.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/sym.h"
#include "tramp/text/misnamed.h"
#include "vm/object.h"
#include "vm/run/mistake.h"

enum { ADDRESS_DIGITS = 16, NAME_LEN = 256 };

/* "0x..." or, as audit prints it, all digits of an address. */
static bool read_number(const char *word, uptr *addr)
{
	char prefixed[ADDRESS_DIGITS + 3] = "0x";
	u64 value = 0;
	bool has_prefix = strncmp(word, "0x", 2) == 0;
	str_copy(prefixed + 2, word, ADDRESS_DIGITS + 1);
	bool ok = has_prefix || strlen(word) == ADDRESS_DIGITS;
	ok = ok && parse_u64(has_prefix ? word : prefixed, &value);
	*addr = ok ? (uptr)value : 0;
	return ok;
}

bool place_is(const char *word)
{
	uptr addr;
	return word[str_until(word, '+')] || read_number(word, &addr);
}

static bool holds(const struct text *t, uptr addr)
{
	return addr - t->base < t->len;
}

/* The site whose image is that text or holds addr; in name or addr the other one is NULL or 0. */
static struct site *image_site(const char *name, uptr addr)
{
	struct site *found = NULL;
	tramp_lock();
	for (u32 i = 0; i < site_count() && !found; i++) {
		const struct tramp *t = site_nth(i)->tramp;
		if (t && (name ? strcmp(t->image->text.name, name) == 0 : holds(&t->image->text, addr)))
			found = site_nth(i);
	}
	tramp_unlock();
	return found;
}

static struct prog *prog_with(const char *name, uptr addr)
{
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			if (name ? strcmp(o->progs[i]->text.name, name) == 0
				 : holds(&o->progs[i]->text, addr))
				return o->progs[i];
	return NULL;
}

/* Stores where the code with that name begins, and its length. */
static enum err find_named(const char *name, struct sym *sym, struct strbuf *log)
{
	struct prog *p = prog_with(name, 0);
	struct site *site = image_site(name, 0);
	if (!p && !site && !site_named(name))
		p = prog_named(name);
	const struct text *t = p ? &p->text : site ? &site->tramp->image->text : NULL;
	if (t)
		*sym = (struct sym){ .addr = t->base, .len = t->len, .name = t->name };
	if (t || (sym_named(name, sym) && (site_named(name) || !site_at(sym->addr))))
		return OK;
	return site_refuse(name, log);
}

static enum err find_address(const char *word, uptr *addr, struct strbuf *log)
{
	u32 name_len = str_until(word, '+');
	char name[NAME_LEN] = "";
	struct sym sym;
	u64 offset;
	if (!word[name_len]) {
		read_number(word, addr);
		return OK;
	}
	if (!name_len || name_len >= NAME_LEN || !parse_u64(word + name_len + 1, &offset))
		return str_refuse(log, EINVAL, "%s is not FUNC+OFFSET", word);
	str_copy(name, word, name_len + 1);
	enum err e = find_named(name, &sym, log);
	if (e)
		return e;
	*addr = sym.addr + offset;
	return offset < sym.len ? OK : str_refuse(log, EINVAL, "%s has only %u bytes", name, sym.len);
}

enum err place_site(struct site **site, const char *word, struct strbuf *log)
{
	struct sym sym;
	uptr addr;
	enum err e = find_address(word, &addr, log);
	*site = NULL;
	if (e)
		return e;
	if (sym_at(addr, &sym)) {
		*site = site_at(sym.addr);
		return *site ? OK : site_refuse(sym.name, log);
	}
	struct prog *p = prog_with(NULL, addr);
	*site = p ? attach_site_of(p) : image_site(NULL, addr);
	if (*site)
		return OK;
	if (p)
		return str_refuse(log, ENOENT, "%s lies in the program %s, to which nothing is attached",
				  word, p->name);
	return str_refuse(log, ENOENT, "%s lies in no function, and in no image that is in use", word);
}

enum err place_prog(struct prog **p, const char *word, struct strbuf *log)
{
	uptr addr;
	enum err e = find_address(word, &addr, log);
	*p = e ? NULL : prog_with(NULL, addr);
	if (e || *p)
		return e;
	return str_refuse(log, ENOENT, "%s lies in the code of no program", word);
}

/* The line of C of an address in compiled code. */
static void print_line_of(struct strbuf *s, const struct prog *p, uptr addr)
{
	u32 idx = 0;
	if (!p->insn_at)
		return;
	while (idx + 1 < p->insn_count && p->insn_at[idx + 1] <= addr - p->text.base)
		idx++;
	str_puts(s, ", ");
	mistake_print_line(s, p, idx);
}

void place_print(const char *word)
{
	char text[NAME_LEN * 2] = "";
	struct strbuf s = STRBUF(text);
	uptr addr;
	if (!place_is(word) || find_address(word, &addr, &s))
		return;
	sym_print(&s, addr);
	const struct prog *p = prog_with(NULL, addr);
	if (p)
		print_line_of(&s, p, addr);
	table_note("%lx is %s", addr, text);
}
