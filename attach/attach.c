// SPDX-License-Identifier: MIT
// Makes and ends links, whatever they attach a program to.
#include "attach/attach.h"
#include "attach/functions.h"
#include "attach/probes.h"
#include "attach/prog_site.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"
#include "vm/object.h"

/* Over the links and the sites of programs. It comes before tramp_lock, which kprobes and ftrace take. */
static struct mutex attaching = MUTEX_INIT(attaching);
static LIST_HEAD(links); /* oldest first */

/* Allocates a link, with room for the text of its place: func and a few words. */
static struct link *new_link(struct prog *p, const struct attach_options *o, const char *func)
{
	u32 max_sites = str_is_pattern(func) ? site_count() : 1, place_size = (u32)strlen(func) + 32;
	struct link *l = kmalloc(sizeof(*l) + max_sites * sizeof(l->sites[0]) + place_size);

	if (!l)
		return NULL;
	*l = (struct link){ .prog = p };
	l->place = (struct strbuf){ .buf = (char *)&l->sites[max_sites], .cap = place_size };
	if (o) {
		l->cookie = o->cookie;
		l->how = o->how;
	}
	return l;
}

/* The ways to attach, by the type of the program. */
static const struct way {
	enum err (*attach)(struct link *l, const char *place, struct strbuf *log);
	enum err (*detach)(struct link *l, struct strbuf *log);
} ways[PROG_TYPES] = {
	[PROG_FENTRY] = { function_attach, function_detach },
	[PROG_FEXIT] = { function_attach, function_detach },
	[PROG_FMOD_RET] = { function_attach, function_detach },
	[PROG_FSESSION] = { function_attach, function_detach },
	[PROG_RAW_TP] = { tracepoint_attach, tracepoint_detach },
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

/* Attaches one program. Its link becomes the last. Under the lock. */
static enum err attach_one(struct prog *p, const struct attach_options *options, struct strbuf *log)
{
	const char *func = options && options->func ? options->func : p->target;
	enum err e = check_prog(p, func, log);
	struct link *l;

	if (e)
		return e;
	l = new_link(p, options, func);
	if (!l)
		return str_refuse(log, ENOMEM, "no memory for a link");
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

/* Ends the `count` newest links. Their sites were right a moment ago. A link that cannot end now stays; the
 * next detach says why. */
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

/* Whether place is l's: the instruction of its probe, the name of its only function, or the end of its text
 * ("9 functions like *skb*"). */
static bool is_at(const struct link *l, const char *place)
{
	size_t len = strlen(place);
	if (l->probe)
		return probe_is_at(l, place);
	if (l->site_count == 1 && strcmp(l->sites[0]->name, place) == 0)
		return true;
	if (len > l->place.len)
		return false;
	const char *end = l->place.buf + l->place.len - len;
	return strcmp(end, place) == 0 && (end == l->place.buf || end[-1] == ' ');
}

/* Ends the links of these programs, or of all if progs is NULL. If place is not NULL, only those at place. */
static enum err end_links(struct prog *const *progs, u32 count, const char *place, u32 *ended,
			  struct strbuf *log)
{
	struct link *l, *next;
	enum err first = OK;

	*ended = 0;
	list_for_each_entry_safe(l, next, &links, list) {
		enum err e;
		if ((progs && !is_among(l->prog, progs, count)) || (place && !is_at(l, place)))
			continue;
		e = end_link(l, log);
		first = first ? first : e;
		++*ended;
	}
	return first;
}

/* Returns a link of one of these programs to several functions, one of which is func; or NULL. */
static const struct link *link_around(struct prog *const *progs, u32 count, const char *func)
{
	const struct link *l;
	list_for_each_entry(l, &links, list)
		for (u32 i = 0; i < l->site_count; i++)
			if (is_among(l->prog, progs, count) && strcmp(l->sites[i]->name, func) == 0)
				return l;
	return NULL;
}

/* Says why no link was ended. */
static enum err refuse_detach(struct prog *const *progs, u32 count, const char *place, struct strbuf *log)
{
	const char *name = count == 1 ? progs[0]->name : progs[0]->object->name;
	const struct link *l = place ? link_around(progs, count, place) : NULL;
	if (l)
		return str_refuse(log, EINVAL, "%s is attached to %s only together with others: to %s", name,
				  place, l->place.buf);
	return str_refuse(log, ENOENT, place ? "%s is not attached to %s" : "%s is not attached", name,
			  place);
}

enum err detach_progs(struct prog *const *progs, u32 count, const char *place, struct strbuf *log)
{
	u32 ended;
	mutex_lock(&attaching);
	enum err e = end_links(progs, count, place, &ended, log);
	if (!ended)
		e = refuse_detach(progs, count, place, log);
	mutex_unlock(&attaching);
	return e;
}

enum err detach_all(struct strbuf *log)
{
	u32 ended;
	mutex_lock(&attaching);
	enum err e = end_links(NULL, 0, NULL, &ended, log);
	mutex_unlock(&attaching);
	return e;
}

struct site *attach_site_of(const struct prog *p)
{
	mutex_lock(&attaching);
	struct site *site = prog_site_of(p);
	mutex_unlock(&attaching);
	return site;
}

notrace const struct link *link_next(const struct link *l)
{
	const struct list_head *next = l ? l->list.next : links.next;
	return next == &links ? NULL : list_entry(next, struct link, list);
}

void links_lock(void)
{
	mutex_lock(&attaching);
}

void links_unlock(void)
{
	mutex_unlock(&attaching);
}
