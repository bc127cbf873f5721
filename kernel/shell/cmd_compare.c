// SPDX-License-Identifier: MIT
// Commands that measure: cost, what attaching and detaching take. Figures are ticks of the time-stamp
// counter; with --icount and --smp 1 a tick is one instruction, and they are exact.
#include "kernel/cpu.h"
#include "kernel/print.h"
#include "kernel/shell/shell.h"
#include "kernel/shell/show.h"
#include "tramp/attach.h"
#include "tramp/poke.h"

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

struct site_counter {
	const struct prog *prog;
	u32 sites;
};

static void count_sites(const struct link *l, void *arg)
{
	struct site_counter *c = arg;
	if (l->prog == c->prog)
		c->sites += l->site_count;
}

static enum err cmd_cost(u32 count, char **args)
{
	struct attach_options options = { .func = count == 2 ? args[1] : NULL };
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	struct site_counter sites = { 0 };
	struct cost begin, attach, detach;
	struct prog *p;
	enum err e = show_find_prog(&p, args[0]);
	if (e)
		return e;
	begin = begin_cost();
	e = attach_progs(&p, 1, &options, &log);
	attach = end_cost(&begin);
	if (e)
		return shell_fail(e, "%s", text);
	sites.prog = p;
	link_for_each(count_sites, &sites);
	begin = begin_cost();
	e = detach_progs(&p, 1, &log);
	detach = end_cost(&begin);
	if (e)
		return shell_fail(e, "%s", text);
	print_cost("attach", &attach, sites.sites);
	print_cost("detach", &detach, sites.sites);
	return OK;
}

static void complete_cost(struct edit_matches *m, u32 index)
{
	if (index == 0)
		complete_programs(m);
	else
		complete_functions(m);
}

/* clang-format off */
const struct command compare_commands[] = {
	{ "cost", "PROG [FUNC|PATTERN]", 1, 2, "what it takes to attach and to detach", cmd_cost, complete_cost },
	{ 0 },
};
/* clang-format on */
