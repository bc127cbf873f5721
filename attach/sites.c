// SPDX-License-Identifier: MIT
// A name means a function or, if no function has it, a program; a pattern means functions. Each refusal says
// which of these the name means, and why it cannot be traced.
#include "attach/sites.h"
#include "attach/prog_site.h"
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "tramp/proto.h"
#include "vm/object.h"
#include "vm/run/frame.h"

enum { WHY_LEN = 320 };

/* Stores the site of the function or the program called func; refuses if none is. A program often has the
 * name of the function that it traces: a section that names its own program means the function. */
static enum err find_site(struct site **site, const struct prog *p, const char *func, struct strbuf *log)
{
	bool is_own_name = func == p->target && strcmp(func, p->name) == 0;
	struct prog *target;

	*site = site_named(func);
	if (*site)
		return OK;
	if (!is_own_name && progs_named(func, &target)) {
		enum err e = find_prog(&target, func, log);
		return e ? e : prog_site_get(site, p, target, log);
	}
	return site_refuse(func, log);
}

#define RAW_TP_WORDS 12 /* as on Linux, however many the tracepoint fills; behind them lies the stack */

/* The slots of the context that must exist. BTF has the tracepoint's own only for a tp_btf program. */
static u64 relied_on(const struct prog *p)
{
	bool is_raw = p->type == PROG_RAW_TP && !frame_is_typed(p);
	return is_raw && p->facts.reads < 1ull << RAW_TP_WORDS ? 0 : p->facts.reads;
}

/* The types of its context on which p relies: those of the function that its section names, if any. */
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

/* Skips the title or the name with which a refusal begins, and the separator behind it. */
static const char *behind_name(const char *sentence, const struct site *site)
{
	const char *name = strncmp(sentence, site->title, strlen(site->title)) ? site->name : site->title;
	size_t len = strlen(name);
	if (strncmp(sentence, name, len))
		return sentence;
	sentence += len;
	while (*sentence == ':' || *sentence == ' ')
		sentence++;
	return sentence;
}

/* Checks that the program may replace what is at the site. */
static enum err check_mark(const struct prog *p, const struct site *site, struct strbuf *log)
{
	if (p->type != PROG_FMOD_RET)
		return OK;
	if (site->users)
		return str_refuse(log, EINVAL,
				  "%s cannot replace what another program returns, %s; fexit can read it",
				  p->name, site->name);
	return injection_check(site->name, p->facts.replaces, log);
}

/* Returns why the program cannot be attached to this function, without the function's name, or NULL if it can
 * be. The text may be in log. */
static const char *why_not(const struct site *site, const struct prog *p, const struct hook *hooks,
			   u32 hook_count, struct strbuf *log)
{
	struct model model;
	struct reader r = reader_of(p);
	str_cut(log, 0);
	if (site->ambiguous)
		return "two functions have this name";
	if (check_mark(p, site, log))
		return "no program may return this in its place";
	if (tramp_check(site, hooks, hook_count, &model, log))
		return behind_name(log->buf, site);
	if (proto_check(&r, site, log))
		return "its arguments or its result are not those that the program reads";
	return NULL;
}

enum err sites_check(const struct prog *p, const struct site *site, struct strbuf *log)
{
	struct reader r = reader_of(p);
	enum err e = check_mark(p, site, log);
	return e ? e : proto_check(&r, site, log);
}

static u32 find_matching(struct link *l, const struct hook *hooks, u32 hook_count, const char *pattern)
{
	char text[WHY_LEN];
	struct strbuf log = STRBUF(text);
	u32 found = 0;

	for (u32 i = 0; i < site_count(); i++) {
		struct site *site = site_nth(i);
		if (str_matches(site->name, pattern) && !why_not(site, l->prog, hooks, hook_count, &log))
			l->sites[found++] = site;
	}
	return found;
}

void sites_left_out(const struct prog *p, const char *pattern, const struct hook *hooks, u32 hook_count,
		    site_visitor *visit, void *arg)
{
	char text[WHY_LEN];
	struct strbuf log = STRBUF(text);

	for (u32 i = 0; i < site_count(); i++) {
		const struct site *site = site_nth(i);
		const char *why = NULL;
		if (str_matches(site->name, pattern))
			why = why_not(site, p, hooks, hook_count, &log);
		if (why)
			visit(site->name, why, arg);
	}
	site_each_without(pattern, visit, arg);
}

enum err sites_find(struct link *l, const char *func, const struct hook *hooks, u32 hook_count,
		    struct strbuf *log)
{
	enum err e;

	if (!str_is_pattern(func)) {
		str_puts(&l->place, func);
		e = find_site(&l->sites[0], l->prog, func, log);
		l->site_count = e ? 0 : 1;
		return e ? e : sites_check(l->prog, l->sites[0], log);
	}
	l->site_count = find_matching(l, hooks, hook_count, func);
	str_printf(&l->place, "%u functions like %s", l->site_count, func);
	if (l->site_count)
		return OK;
	return str_refuse(log, ENOENT, "%s can be attached to no function like %s", l->prog->name, func);
}
