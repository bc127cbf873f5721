// SPDX-License-Identifier: MIT
// The command cost: what it takes to attach a program, to call what it is attached to, and to detach it.
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "shell/measure.h"
#include "shell/command.h"
#include "shell/show.h"
#include "attach/attach.h"
#include "tramp/text/poke.h"
#include "vm/object.h"

struct cost {
	u64 ticks, syncs;
};

/* What is attached: a program, or all of an object; and to how many functions. */
struct subject {
	struct prog *one;
	struct prog *const *progs;
	u32 count, sites;
	const struct measure_drive *drive; /* of the one function, if it can be called; or NULL */
};

static struct cost begin_cost(void)
{
	return (struct cost){ .syncs = poke_stats().syncs, .ticks = rdtsc() };
}

static struct cost end_cost(const struct cost *begin)
{
	u64 now = rdtsc();
	return (struct cost){ .syncs = poke_stats().syncs - begin->syncs, .ticks = now - begin->ticks };
}

static void print_cost(const char *what, const struct cost *c, u32 functions)
{
	kprintf("%s %9llu ticks", what, c->ticks);
	if (functions > 1)
		kprintf(", %llu for each of %u functions", c->ticks / functions, functions);
	kprintf(", %llu syncs of all CPUs\n", c->syncs);
}

static enum err find_subject(struct subject *s, const char *name, const char *func, struct strbuf *log)
{
	struct object *o = prog_named(name) ? NULL : object_named(name);
	*s = (struct subject){ .progs = &s->one, .count = 1 };
	enum err e = o ? OK : find_prog(&s->one, name, log);
	if (e)
		return e;
	if (o) {
		s->progs = o->progs;
		s->count = o->prog_count;
	}
	s->drive = measure_drive_named(func ? func : s->progs[0]->target);
	return OK;
}

static u32 count_sites(const struct prog *p)
{
	u32 count = 0;
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		count += l->prog == p ? l->site_count : 0;
	links_unlock();
	return count;
}

static u64 cost_of(const struct subject *s)
{
	return s->drive ? measure_calls(s->drive->run) : 0;
}

static enum err cmd_cost(char **args, struct strbuf *log)
{
	struct attach_options options = { .func = args[1] };
	struct subject s;
	struct cost begin, attach, detach;
	enum err e = find_subject(&s, args[0], options.func, log);
	if (e)
		return e;
	u64 untraced = cost_of(&s);
	begin = begin_cost();
	e = attach_progs(s.progs, s.count, &options, log);
	attach = end_cost(&begin);
	if (e)
		return e;
	s.sites = count_sites(s.progs[0]);
	u64 traced = cost_of(&s);
	begin = begin_cost();
	e = detach_progs(s.progs, s.count, log);
	detach = end_cost(&begin);
	if (e)
		return e;
	print_cost("attach", &attach, s.sites);
	if (s.drive)
		kprintf("call   %9llu %s more\n", measure_extra(traced, untraced),
			measure_is_exact() ? "instructions" : "ticks");
	print_cost("detach", &detach, s.sites);
	return OK;
}

/* clang-format off */
const struct command cost_commands[] = {
	{ "cost", "PROG [FUNC|PATTERN]", "what attach, a call and detach take", cmd_cost },
	{ 0 },
};
/* clang-format on */
