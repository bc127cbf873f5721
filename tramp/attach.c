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

/* The site of a function by name, or why there is none. */
static enum err find_site(struct site **site, const char *func, struct strbuf *log)
{
	struct sym sym;

	*site = site_named(func);
	if (*site)
		return OK;
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

static enum err attach_locked(struct prog *p, const char *func, struct strbuf *log)
{
	struct hook hook = hook_of(p);
	struct site *site;
	struct link *l;
	enum err e = find_site(&site, func, log);

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

enum err attach_prog(struct prog *p, const char *func, struct strbuf *log)
{
	enum err e;

	func = func ? func : p->target;
	e = check_prog(p, func, log);
	if (e)
		return e;
	tramp_lock();
	e = attach_locked(p, func, log);
	tramp_unlock();
	return e;
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

/* Ends the links of p, or all if p is NULL. */
static enum err end_links(const struct prog *p, u32 *ended, struct strbuf *log)
{
	struct link *l, *next;
	enum err first = OK;

	tramp_lock();
	list_for_each_entry_safe(l, next, &links, list) {
		enum err e;
		if (p && l->prog != p)
			continue;
		e = end_link(l, log);
		first = first ? first : e;
		++*ended;
	}
	tramp_unlock();
	return first;
}

enum err detach_prog(struct prog *p, struct strbuf *log)
{
	u32 ended = 0;
	enum err e = end_links(p, &ended, log);

	if (!e && !ended) {
		str_printf(log, "%s is not attached", p->name);
		return ENOENT;
	}
	return e;
}

enum err detach_all(struct strbuf *log)
{
	u32 ended = 0;
	return end_links(NULL, &ended, log);
}

void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg)
{
	struct link *l;

	tramp_lock();
	list_for_each_entry(l, &links, list)
		visit(l, arg);
	tramp_unlock();
}
