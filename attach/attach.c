// SPDX-License-Identifier: MIT
// A program becomes a hook of a function, or of many, and stops being one.
#include "attach/attach.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/mem/sym.h"
#include "attach/probes.h"
#include "tramp/proto.h"
#include "vm/object.h"

/* Over the links, and the sites of programs. Outside of tramp_lock: what kprobes and ftrace offer takes that
 * one itself. */
static struct mutex attaching = MUTEX_INIT(attaching);
static LIST_HEAD(links); /* oldest first */

_Static_assert((int)BELOW_COUNT == HEADER_COUNT && (int)BELOW_IP == HEADER_IP &&
		   (int)BELOW_COOKIE == HEADER_COOKIE,
	       "programs look where images write");

/* --- Hooks ------------------------------------------------------------------------------------- */

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

/* One, or the two of a session; gives how many. */
static u32 hooks_of(struct prog *p, u64 cookie, struct hook hooks[2])
{
	static const enum hook_kind kinds[PROG_TYPES] = {
		[PROG_FEXIT] = HOOK_FEXIT, [PROG_FMOD_RET] = HOOK_FMOD_RET /* the others: HOOK_FENTRY */
	};
	hooks[0] = hook_of(p, kinds[p->type], cookie);
	hooks[1] = hook_of(p, HOOK_FEXIT, cookie);
	return p->type == PROG_FSESSION ? 2 : 1;
}

/* --- Sites by name ----------------------------------------------------------------------------- */

/* A program that is traced, and its site: made by the first link, freed with the last. */
struct prog_site {
	struct site site;
	struct prog *prog;
	struct list_head list;
};

static LIST_HEAD(prog_sites);

static struct prog_site *find_prog_site(const struct prog *p)
{
	struct prog_site *ps;
	list_for_each_entry(ps, &prog_sites, list)
		if (ps->prog == p)
			return ps;
	return NULL;
}

static struct site *get_prog_site(struct prog *p, struct strbuf *log)
{
	struct prog_site *ps = find_prog_site(p);

	if (ps)
		return &ps->site;
	ps = kzalloc(sizeof(*ps));
	if (!ps) {
		str_printf(log, "no memory for a site of %s", p->name);
		return NULL;
	}
	ps->prog = p;
	ps->site.addr = p->text.base;
	ps->site.name = ps->site.title = p->name;
	ps->site.btf = &p->object->btf;
	ps->site.btf_id = p->btf_func_id;
	ps->site.may_sleep = p->sleepable;
	ps->site.users = &p->links;
	list_add_tail(&ps->list, &prog_sites);
	return &ps->site;
}

/* Harmless on the site of a function. */
static void put_prog_site(const struct site *site)
{
	struct prog_site *ps, *next;

	list_for_each_entry_safe(ps, next, &prog_sites, list) {
		if (&ps->site != site || ps->site.tramp)
			continue;
		list_del_init(&ps->list);
		kfree(ps);
	}
}

static bool traces_a_program(const struct prog *p)
{
	const struct link *l;

	list_for_each_entry(l, &links, list)
		if (l->prog == p && l->site_count && l->sites[0]->users)
			return true;
	return false;
}

/* Programs that trace programs must not be traced themselves: else two could trace each other. */
static enum err find_prog_target(struct site **site, const struct prog *p, struct prog *target,
				 struct strbuf *log)
{
	if (target == p)
		return str_refuse(log, EINVAL, "%s cannot trace itself", p->name);
	if (find_prog_site(p) || traces_a_program(target))
		return str_refuse(log, EINVAL, "%s cannot trace %s: only one of two may trace programs",
				  p->name, target->name);
	if (!target->object || !target->btf_func_id)
		return str_refuse(log, EOPNOTSUPP,
				  "%s has no type information (BTF), so its argument is unknown",
				  target->name);
	*site = get_prog_site(target, log);
	return *site ? OK : ENOMEM;
}

static bool is_ambiguous(const char *func)
{
	for (u32 i = 0; i < site_count(); i++)
		if (site_nth(i)->ambiguous && strcmp(site_nth(i)->name, func) == 0)
			return true;
	return false;
}

/* The site of a function, or of a program, by name; or why there is none. Programs are called like what they trace:
 * a section that names its own program means a function. */
static enum err find_site(struct site **site, const struct prog *p, const char *func, struct strbuf *log)
{
	bool is_own_name = func == p->target && strcmp(func, p->name) == 0;
	struct prog *target;
	struct sym sym;

	*site = site_named(func);
	if (*site)
		return OK;
	if (is_ambiguous(func))
		return str_refuse(log, EOPNOTSUPP, "%s cannot be traced: two functions have this name", func);
	if (!is_own_name && progs_named(func, &target)) {
		enum err e = find_prog(&target, func, log);
		return e ? e : find_prog_target(site, p, target, log);
	}
	if (sym_named(func, &sym))
		return str_refuse(
		    log, EOPNOTSUPP,
		    "%s cannot be traced: it does not begin with a site (it is notrace or assembly)", func);
	return str_refuse(log, ENOENT, "no function is called %s", func);
}

#define RAW_TP_WORDS 12 /* as on Linux, whatever the tracepoint fills; behind that lies the stack */

/* The slots that must be there. Only a tp_btf program has its tracepoint looked up in BTF. */
static u64 relied_on(const struct prog *p)
{
	bool is_raw = p->type == PROG_RAW_TP && strncmp(p->section, "tp_btf", 6) != 0;
	return is_raw && p->facts.reads < 1ull << RAW_TP_WORDS ? 0 : p->facts.reads;
}

/* The types of its context that p relies on: those of the function that its section names, if it does. */
static struct reader reader_of(const struct prog *p)
{
	bool at_function = p->type != PROG_RAW_TP && *p->target && !str_is_pattern(p->target);
	return (struct reader){
		.name = p->name,
		.reads = relied_on(p),
		.behind_body = p->type != PROG_FENTRY && p->type != PROG_RAW_TP,
		.wants = at_function ? site_named(p->target) : NULL,
	};
}

/* Whether a pattern means this function: one that the program can be attached to. */
static bool suits(const struct site *site, const struct reader *r, const struct hook *hooks, u32 hook_count)
{
	char text[160];
	struct strbuf ignored = STRBUF(text);
	struct model model;

	return !site->ambiguous && tramp_check(site, hooks, hook_count, &model, &ignored) == OK &&
	       proto_check(r, site, &ignored) == OK;
}

static enum err check_types(const struct prog *p, const struct site *site, struct strbuf *log)
{
	struct reader r = reader_of(p);
	return proto_check(&r, site, log);
}

static u32 find_matching(struct link *l, const struct hook *hooks, u32 hook_count, const char *pattern)
{
	struct reader r = reader_of(l->prog);
	u32 found = 0;

	for (u32 i = 0; i < site_count(); i++) {
		struct site *site = site_nth(i);
		if (str_matches(site->name, pattern) && suits(site, &r, hooks, hook_count))
			l->sites[found++] = site;
	}
	return found;
}

/* --- Links ------------------------------------------------------------------------------------- */

/* Beside the name of its place there is room for a few words. */
static struct link *new_link(struct prog *p, const struct attach_options *o, const char *func,
			     struct strbuf *log)
{
	u32 max_sites = str_is_pattern(func) ? site_count() : 1, place_size = (u32)strlen(func) + 32;
	struct link *l = kmalloc(sizeof(*l) + max_sites * sizeof(l->sites[0]) + place_size);

	if (!l) {
		str_printf(log, "no memory for a link");
		return NULL;
	}
	*l = (struct link){ .prog = p };
	l->place = (struct strbuf){ .buf = (char *)&l->sites[max_sites], .cap = place_size };
	if (o) {
		l->cookie = o->cookie;
		l->how = o->how;
	}
	return l;
}

/* l's sites: the one of that name, or all that match. */
static enum err find_sites(struct link *l, const char *func, const struct hook *hooks, u32 hook_count,
			   struct strbuf *log)
{
	enum err e;

	if (!str_is_pattern(func)) {
		str_puts(&l->place, func);
		e = find_site(&l->sites[0], l->prog, func, log);
		l->site_count = e ? 0 : 1;
		return e ? e : check_types(l->prog, l->sites[0], log);
	}
	l->site_count = find_matching(l, hooks, hook_count, func);
	str_printf(&l->place, "%u functions like %s", l->site_count, func);
	if (l->site_count)
		return OK;
	return str_refuse(log, ENOENT, "no function like %s is there that %s can be attached to", func,
			  l->prog->name);
}

static enum err add_hooks(struct link *l, const struct hook *hooks, u32 hook_count, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_add(l->sites, l->site_count, hooks, hook_count, log);
	tramp_unlock();
	return e;
}

static enum err attach_to_functions(struct link *l, const char *func, struct strbuf *log)
{
	struct hook hooks[2];
	u32 hook_count = hooks_of(l->prog, l->cookie, hooks);
	enum err e = find_sites(l, func, hooks, hook_count, log);

	if (!e)
		e = add_hooks(l, hooks, hook_count, log);
	if (e && l->site_count)
		put_prog_site(l->sites[0]);
	return e;
}

static enum err detach_from_functions(struct link *l, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(l->sites, l->site_count, l->prog, log);
	tramp_unlock();
	if (!e)
		put_prog_site(l->sites[0]);
	return e;
}

/* First somebody listens, then the kernel speaks. */
static enum err attach_to_tracepoint(struct link *l, const char *name, struct strbuf *log)
{
	struct hook hooks[2];
	u32 hook_count = hooks_of(l->prog, l->cookie, hooks);
	struct tracepoint *tp = tracepoint_named(name);
	enum err e;

	if (!tp)
		return str_refuse(log, ENOENT, "no tracepoint is called %s; tracepoints lists them", name);
	str_puts(&l->place, tp->title);
	l->sites[l->site_count++] = tp->site;
	e = check_types(l->prog, tp->site, log);
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

static enum err detach_from_tracepoint(struct link *l, struct strbuf *log)
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

/* The ways to attach, by the kind of the program. */
static const struct way {
	enum err (*attach)(struct link *l, const char *place, struct strbuf *log);
	enum err (*detach)(struct link *l, struct strbuf *log);
} ways[PROG_TYPES] = {
	[PROG_FENTRY] = { attach_to_functions, detach_from_functions },
	[PROG_FEXIT] = { attach_to_functions, detach_from_functions },
	[PROG_FMOD_RET] = { attach_to_functions, detach_from_functions },
	[PROG_FSESSION] = { attach_to_functions, detach_from_functions },
	[PROG_RAW_TP] = { attach_to_tracepoint, detach_from_tracepoint },
	[PROG_KPROBE] = { probe_attach, probe_detach },
	[PROG_KRETPROBE] = { probe_attach, probe_detach },
};

static enum err check_prog(const struct prog *p, const char *func, struct strbuf *log)
{
	if (!ways[p->type].attach)
		return str_refuse(log, EINVAL, "%s is of a kind that cannot be attached: %s", p->name,
				  prog_type_name(p->type));
	if (p->state != PROG_COMPILED)
		return str_refuse(log, EINVAL, "%s is not compiled", p->name);
	if (!*func)
		return str_refuse(log, EINVAL, "%s does not name a function in its section (%s): say which",
				  p->name, p->section);
	return OK;
}

/* Under the lock; the new link is the newest. */
static enum err attach_one(struct prog *p, const struct attach_options *options, struct strbuf *log)
{
	const char *func = options && options->func ? options->func : p->target;
	enum err e = check_prog(p, func, log);
	struct link *l;

	if (e)
		return e;
	l = new_link(p, options, func, log);
	if (!l)
		return ENOMEM;
	e = ways[p->type].attach(l, func, log);
	if (e)
		kfree(l);
	else
		list_add_tail(&l->list, &links);
	return e;
}

static enum err end_link(struct link *l, struct strbuf *log)
{
	enum err e = ways[l->prog->type].detach(l, log);
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

enum err attach_progs(struct prog *const *progs, u32 count, const struct attach_options *options,
		      struct strbuf *log)
{
	enum err e = OK;
	u32 done = 0;

	mutex_lock(&attaching);
	while (done < count && !e) {
		e = attach_one(progs[done], options, log);
		done += !e;
	}
	if (e)
		undo(done);
	mutex_unlock(&attaching);
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
	mutex_lock(&attaching);
	list_for_each_entry_safe(l, next, &links, list) {
		enum err e;
		if (progs && !is_among(l->prog, progs, count))
			continue;
		e = end_link(l, log);
		first = first ? first : e;
		++*ended;
	}
	mutex_unlock(&attaching);
	return first;
}

enum err detach_progs(struct prog *const *progs, u32 count, struct strbuf *log)
{
	u32 ended;
	enum err e = end_links(progs, count, &ended, log);

	if (ended)
		return e;
	return str_refuse(log, ENOENT, "%s is not attached",
			  count == 1 ? progs[0]->name : progs[0]->object->name);
}

enum err detach_all(struct strbuf *log)
{
	u32 ended;
	return end_links(NULL, 0, &ended, log);
}

struct site *attach_site_of(const struct prog *p)
{
	mutex_lock(&attaching);
	struct prog_site *ps = find_prog_site(p);
	mutex_unlock(&attaching);
	return ps ? &ps->site : NULL;
}

notrace void link_for_each_unlocked(void (*visit)(const struct link *l, void *arg), void *arg)
{
	struct link *l;

	list_for_each_entry(l, &links, list)
		visit(l, arg);
}

void link_for_each(void (*visit)(const struct link *l, void *arg), void *arg)
{
	mutex_lock(&attaching);
	link_for_each_unlocked(visit, arg);
	mutex_unlock(&attaching);
}
