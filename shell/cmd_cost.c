// SPDX-License-Identifier: MIT
// The command cost: what it takes to attach a program, to call what it traces, and to detach it.
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

static u32 count_sites(const struct prog *p)
{
	u32 count = 0;
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		count += l->prog == p ? l->site_count : 0;
	links_unlock();
	return count;
}

static enum err cmd_cost(char **args, struct strbuf *log)
{
	struct attach_options options = { .func = args[1] };
	struct selection sel;
	struct cost begin, attach, detach;
	enum err e = show_select(&sel, args[0], log);
	if (e)
		return e;
	const struct measure_drive *drive = measure_drive_named(args[1] ? args[1] : sel.progs[0]->target);
	u64 untraced = drive ? measure_calls(drive->run) : 0;
	begin = begin_cost();
	e = attach_progs(sel.progs, sel.count, &options, log);
	attach = end_cost(&begin);
	if (e)
		return e;
	u32 sites = count_sites(sel.progs[0]);
	u64 traced = drive ? measure_calls(drive->run) : 0;
	begin = begin_cost();
	e = detach_progs(sel.progs, sel.count, log);
	detach = end_cost(&begin);
	if (e)
		return e;
	print_cost("attach", &attach, sites);
	if (drive)
		kprintf("call   %9llu %s more\n", measure_extra(traced, untraced),
			measure_is_exact() ? "instructions" : "ticks");
	print_cost("detach", &detach, sites);
	return OK;
}

const struct command cost_commands[] = {
	{ "cost", "PROG [FUNC|PATTERN]", "what attach, a call and detach take", cmd_cost },
	{ 0 },
};
