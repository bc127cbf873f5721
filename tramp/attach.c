// SPDX-License-Identifier: MIT
// A program becomes a hook of a function, and stops being one.
#include "tramp/attach.h"
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sym.h"

static LIST_HEAD(links); /* oldest first, under the tramp lock */

static enum hook_kind hook_kind(const struct prog *p)
{
	return p->type == PROG_FEXIT ? HOOK_FEXIT : HOOK_FENTRY;
}

/* An interpreted program runs the interpreter, which is kernel code like any other. */
static struct hook hook_of(struct prog *p)
{
	bool guarded = p->facts.calls || p->mode == PROG_INTERPRET;
	return (struct hook){
		.kind = hook_kind(p),
		.code = (uptr)p->entry,
		.name = p->name,
		.owner = p,
		.users = &p->links,
		.guarded = guarded,
		.per_cpu = p->facts.per_cpu,
		.active_slot = p->slot,
		.missed = &p->missed,
	};
}

static bool is_ambiguous(const char *func)
{
	for (u32 i = 0; i < site_count(); i++)
		if (site_nth(i)->ambiguous && strcmp(site_nth(i)->name, func) == 0)
			return true;
	return false;
}

/* The site of a function by name, or why there is none. */
static enum err find_site(struct site **site, const char *func, struct strbuf *log)
{
	struct sym sym;

	*site = site_named(func);
	if (*site)
		return OK;
	if (is_ambiguous(func)) {
		str_printf(log, "%s cannot be traced: two functions have this name", func);
		return EOPNOTSUPP;
	}
	if (sym_named(func, &sym)) {
		str_printf(log,
			   "%s cannot be traced: it does not begin with a site (it is notrace or assembly)",
			   func);
		return EOPNOTSUPP;
	}
	str_printf(log, "no function is called %s", func);
	return ENOENT;
}

static enum err check_prog(const struct prog *p, const char *func, struct strbuf *log)
{
	if (p->type != PROG_FENTRY && p->type != PROG_FEXIT) {
		str_printf(log, "%s is no fentry or fexit program", p->name);
		return EINVAL;
	}
	if (p->state != PROG_COMPILED) {
		str_printf(log, "%s is not compiled", p->name);
		return EINVAL;
	}
	if (!func || !*func) {
		str_printf(log, "%s does not name a function in its section (%s): say which", p->name,
			   p->section);
		return EINVAL;
	}
	return OK;
}

/* Under the lock; the new link is the newest. */
static enum err attach_one(struct prog *p, const char *func, struct strbuf *log)
{
	struct hook hook = hook_of(p);
	struct site *site;
	struct link *l;
	enum err e;

	func = func ? func : p->target;
	e = check_prog(p, func, log);
	if (!e)
		e = find_site(&site, func, log);
	if (e)
		return e;
	l = kzalloc(sizeof(*l));
	if (!l) {
		str_printf(log, "no memory for a link");
		return ENOMEM;
	}
	e = tramp_add(site, &hook, log);
	if (e) {
		kfree(l);
		return e;
	}
	l->prog = p;
	l->site = site;
	list_add_tail(&l->list, &links);
	return OK;
}

static enum err end_link(struct link *l, struct strbuf *log)
{
	enum err e = tramp_remove(l->site, hook_kind(l->prog), l->prog, log);
	if (e)
		return e;
	list_del_init(&l->list);
	kfree(l);
	return OK;
}

/* Ends the newest links. Their sites were right a moment ago: what goes wrong now has its own sentence
 * when somebody detaches. */
static void undo(u32 count)
{
	char text[1];
	struct strbuf ignored = STRBUF(text);
	while (count--)
		end_link(list_entry(links.prev, struct link, list), &ignored);
}

enum err attach_progs(struct prog *const *progs, u32 count, const char *func, struct strbuf *log)
{
	enum err e = OK;
	u32 done = 0;

	tramp_lock();
	while (done < count && !e) {
		e = attach_one(progs[done], func, log);
		done += !e;
	}
	if (e)
		undo(done);
	tramp_unlock();
	return e;
}

static bool is_among(const struct prog *p, struct prog *const *progs, u32 count)
{
	while (count--)
		if (progs[count] == p)
			return true;
	return false;
}

/* Ends the links of these programs, or, if progs is NULL, all. */
static enum err end_links(struct prog *const *progs, u32 count, u32 *ended, struct strbuf *log)
{
	struct link *l, *next;
	enum err first = OK;

	*ended = 0;
	tramp_lock();
	list_for_each_entry_safe(l, next, &links, list) {
		enum err e;
		if (progs && !is_among(l->prog, progs, count))
			continue;
		e = end_link(l, log);
		first = first ? first : e;
		++*ended;
	}
	tramp_unlock();
	return first;
}

enum err detach_progs(struct prog *const *progs, u32 count, struct strbuf *log)
{
	u32 ended;
	enum err e = end_links(progs, count, &ended, log);

	if (ended)
		return e;
	str_printf(log, "%s is not attached", count == 1 ? progs[0]->name : progs[0]->object->name);
	return ENOENT;
}

enum err detach_all(struct strbuf *log)
{
	u32 ended;
	return end_links(NULL, 0, &ended, log);
}

void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg)
{
	struct link *l;

	tramp_lock();
	list_for_each_entry(l, &links, list)
		visit(l, arg);
	tramp_unlock();
}
