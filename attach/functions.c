// SPDX-License-Identifier: MIT
// Makes a program a hook of a function, of many, or of the function behind a tracepoint, and removes it.
#include "attach/functions.h"
#include "attach/prog_site.h"
#include "attach/sites.h"
#include "kernel/lib/nearest.h"

_Static_assert((int)BELOW_COUNT == HEADER_COUNT && (int)BELOW_IP == HEADER_IP &&
		   (int)BELOW_COOKIE == HEADER_COOKIE,
	       "programs look where images write");

/* An interpreted program runs the interpreter, which is kernel code like any other. */
static struct hook hook_of(struct prog *p, enum hook_kind kind, u64 cookie)
{
	return (struct hook){
		.kind = kind,
		.session = p->type == PROG_FSESSION,
		.code = (uptr)p->entry,
		.name = p->name,
		.owner = p,
		.users = &p->links,
		.cookie = cookie,
		.runs = &p->stats.runs,
		.ticks = &p->stats.ticks,
		.header_words = p->facts.header_words,
		.guarded = p->facts.calls || p->mode == PROG_INTERPRET,
		.per_cpu = p->facts.per_cpu,
		.may_sleep = p->sleepable,
		.active_slot = p->slot,
		.missed = &p->missed,
	};
}

/* Fills in the program's hooks: one, or the two of a session. Returns how many. */
static u32 hooks_of(struct prog *p, u64 cookie, struct hook hooks[2])
{
	static const enum hook_kind kinds[PROG_TYPES] = {
		[PROG_FEXIT] = HOOK_FEXIT, [PROG_FMOD_RET] = HOOK_FMOD_RET /* the others: HOOK_FENTRY */
	};
	hooks[0] = hook_of(p, kinds[p->type], cookie);
	hooks[1] = hook_of(p, HOOK_FEXIT, cookie);
	return p->type == PROG_FSESSION ? 2 : 1;
}

enum err function_attach(struct link *l, const char *func, struct strbuf *log)
{
	struct hook hooks[2];
	u32 hook_count = hooks_of(l->prog, l->cookie, hooks);
	enum err e = sites_find(l, func, hooks, hook_count, log);

	if (!e) {
		tramp_lock();
		e = tramp_add(l->sites, l->site_count, hooks, hook_count, log);
		tramp_unlock();
	}
	if (e && l->site_count)
		prog_site_put(l->sites[0]);
	return e;
}

enum err function_detach(struct link *l, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(l->sites, l->site_count, l->prog, log);
	tramp_unlock();
	if (!e)
		prog_site_put(l->sites[0]);
	return e;
}

void function_left_out(struct prog *p, const char *pattern, site_visitor *visit, void *arg)
{
	struct hook hooks[2];
	u32 hook_count = hooks_of(p, 0, hooks);
	sites_left_out(p, pattern, hooks, hook_count, visit, arg);
}

static enum err refuse_tracepoint(const char *name, struct strbuf *log)
{
	struct nearest n = { .wrong = name };
	for (u32 i = 0; i < tracepoint_count(); i++)
		nearest_offer(&n, tracepoint_nth(i)->name);
	str_printf(log, "no tracepoint is called %s", name);
	nearest_print(&n, log, "; tracepoints lists them");
	return ENOENT;
}

/* First the program is attached to the function behind the branches. Then the branches lead there. */
enum err tracepoint_attach(struct link *l, const char *name, struct strbuf *log)
{
	struct hook hooks[2];
	u32 hook_count = hooks_of(l->prog, l->cookie, hooks);
	struct tracepoint *tp = tracepoint_named(name);
	enum err e;

	if (!tp)
		return refuse_tracepoint(name, log);
	str_puts(&l->place, tp->title);
	l->sites[l->site_count++] = tp->site;
	e = sites_check(l->prog, tp->site, log);
	if (e)
		return e;
	tramp_lock();
	e = tramp_add(l->sites, 1, hooks, hook_count, log);
	if (!e) {
		e = tracepoint_enable(tp, log);
		if (e)
			tramp_remove(l->sites, 1, l->prog, log);
	}
	tramp_unlock();
	l->tracepoint = tp;
	return e;
}

enum err tracepoint_detach(struct link *l, struct strbuf *log)
{
	tramp_lock();
	enum err e = tracepoint_disable(l->tracepoint, log);
	if (!e) {
		e = tramp_remove(l->sites, 1, l->prog, log);
		if (e)
			tracepoint_enable(l->tracepoint, log);
	}
	tramp_unlock();
	return e;
}
