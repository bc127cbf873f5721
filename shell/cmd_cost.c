// SPDX-License-Identifier: MIT
// The commands compare and cost: what a traced call costs, in all ways; and what it takes to load an object; to
// attach a program, to call what it traces, and to detach it.
#include "attach/attach.h"
#include "kernel/cpu/cpu.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"
#include "shell/command.h"
#include "shell/load.h"
#include "shell/show.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "shell/ways.h"
#include "tramp/text/poke.h"
#include "vm/compile.h"
#include "vm/verify/verify.h"

enum { USERS = 32, SESSION_RUNS = 2 };

struct comparison {
	struct traced t;
	u64 base; /* ticks of MEASURE_CALLS untraced calls */
	struct user users[USERS];
};

/* Checks that each user has counted all calls; otherwise the figure is worth nothing. */
static enum err check_counts(struct comparison *c, const struct way *w, u32 users)
{
	bool session = w->prog && c->users[0].prog->type == PROG_FSESSION;
	u64 wanted = MEASURE_CALLS_IN_ALL * (session ? SESSION_RUNS : 1);
	for (u32 i = 0; i < users; i++)
		if (*c->users[i].count < wanted)
			return str_refuse(c->t.log, EINVAL,
					  "%s with %u users: user %u counted %llu of %llu runs", w->name,
					  users, i, *c->users[i].count, wanted);
	return OK;
}

static void (*run_of(const struct comparison *c, const struct way *w))(u32 calls)
{
	return w->at_tracepoint ? c->t.drive->run_tracepoint : c->t.drive->run;
}

/* Attaches further users until there are so many, and measures by how many ticks they make a call longer. */
static enum err measure_users(struct comparison *c, const struct way *w, u32 *attached, u32 users, u64 *extra)
{
	if (progress_stop((u32)(w - ways), WAYS))
		return EINTR;
	for (; *attached < users; ++*attached) {
		enum err e = w->attach(w, &c->t, &c->users[*attached]);
		if (e)
			return e;
	}
	for (u32 i = 0; i < users; i++)
		*c->users[i].count = 0;
	*extra = measure_extra(measure_calls(run_of(c, w)), c->base);
	return check_counts(c, w, users);
}

/* Adds the row of one way. `more` is the cost of the last doubling divided by the users it added. */
static enum err fill_row(struct comparison *c, const struct way *w, struct table *t, u32 *attached)
{
	u32 most = w->most ? w->most : USERS;
	u64 extra = 0, before = 0;
	struct footprint f = { 0 };
	table_add(t, "%s", w->name);
	for (u32 users = 1; users <= USERS; users *= 2) {
		if (users > most) {
			table_add(t, "-");
			continue;
		}
		before = extra;
		enum err e = measure_users(c, w, attached, users, &extra);
		if (e)
			return e;
		table_add(t, "%llu", extra);
		if (users == 1)
			f = w->footprint(w, &c->t, c->users);
	}
	u64 tenths = extra > before ? (extra - before) * 10 / (most / 2) : 0;
	table_add(t, "%llu.%llu\t%u\t%u\t%u", tenths / 10, tenths % 10, f.stack, f.registers, f.code);
	return OK;
}

/* Finds the first instruction that can become a jump and that each call executes. If there is none, log says
 * why the last one cannot. */
static enum err find_jump(struct comparison *c, const struct way *w)
{
	enum { LAST_OFFSET = 256 };
	struct user *u = c->users;
	enum err e = ENOENT;
	for (c->t.jump_offset = SITE_LEN; c->t.jump_offset < LAST_OFFSET; c->t.jump_offset++) {
		str_cut(c->t.log, 0);
		e = w->attach(w, &c->t, u);
		if (e)
			continue;
		*u->count = 0;
		c->t.drive->run(MEASURE_CALLS);
		w->detach(&c->t, u);
		if (*u->count >= MEASURE_CALLS)
			return OK;
	}
	return e;
}

static enum err set_options(struct plan_options wanted, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_set_options(wanted, log);
	tramp_unlock();
	return e;
}

/* Moves a comparison of a way that the function does not allow to one that does. */
static void choose_func(struct comparison *c, const struct way *w)
{
	for (u32 i = 0; w->at_marked && !injection_of(c->t.site->name) && i < array_len(measure_drives); i++)
		if (injection_of(measure_drives[i].func)) {
			c->t.drive = &measure_drives[i];
			c->t.site = site_named(c->t.drive->func);
		}
}

static enum err compare_way(struct comparison *c, const struct way *w, struct table *t)
{
	struct traced wanted = c->t;
	struct plan_options before = tramp_options();
	enum err e = set_options((struct plan_options){ .by_jmp = !w->by_call }, c->t.log);
	u32 attached = 0;
	choose_func(c, w);
	if (!e && w->how == KPROBE_JUMP)
		e = find_jump(c, w);
	c->base = measure_calls(run_of(c, w));
	if (!e)
		e = fill_row(c, w, t, &attached);
	while (attached--)
		w->detach(&c->t, &c->users[attached]);
	c->t = wanted;
	set_options(before, c->t.log);
	return e;
}

static enum err load_users(struct comparison *c)
{
	struct blob file = { 0 };
	load_find(&file, "count");
	for (u32 i = 0; i < USERS; i++) {
		char name[16];
		struct strbuf s = STRBUF(name);
		str_printf(&s, "compare%u", i);
		enum err e = object_load(&c->users[i].object, name, file.start,
					 (size_t)(file.end - file.start), PROG_JIT, c->t.log);
		if (e)
			return e;
	}
	return OK;
}

/* A task that sleeps in an image delays its end. */
static void unload_users(struct comparison *c)
{
	for (u32 i = 0; i < USERS; i++) {
		struct object *o = c->users[i].object;
		while (o && object_unload(o) == EBUSY) {
			image_reap();
			msleep(1);
		}
	}
}

static enum err compare_ways(struct comparison *c)
{
	bool exact = measure_is_exact();
	struct table t;
	enum err e = OK;
	table_begin(&t, "*way|>x1|>x2|>x4|>x8|>x16|>x32|>more|>stack|>regs|>code");
	for (u32 i = 0; i < WAYS && !e; i++)
		e = compare_way(c, &ways[i], &t);
	progress_wipe();
	if (!e) {
		table_note("%s that tracing adds to a call of %s, with 1 to %u users;",
			   exact ? "Instructions" : "Ticks", c->t.site->name, USERS);
		table_note("bytes of stack, registers saved and bytes of code for one user.");
	}
	if (!e && !exact)
		table_note("Ticks are only roughly right: --icount counts instructions.");
	/* Measured outside QEMU on one Xeon, family 6, model 207. */
	if (!e) {
		table_note("Hidden in QEMU: a lock takes 7 ns, a mispredicted return 10, an exception 1000.");
		table_note("Linux calls enter and exit around a program, for RCU; here detach pays for it.");
	}
	if (!e && !injection_of(c->t.site->name))
		table_note("%s is not marked as one that may fail: fmod_ret is on one that is.",
			   c->t.site->name);
	enum err printed = table_print(&t, c->t.log);
	return e ? e : printed;
}

static enum err cmd_compare(char **args, struct strbuf *log)
{
	struct comparison *c = kzalloc(sizeof(*c));
	if (!c)
		return str_refuse(log, ENOMEM, "no memory for %u users", USERS);
	c->t = (struct traced){ .site = site_named(args[0]), .log = log };
	c->t.drive = measure_drive_named(args[0]); /* the usage lists them all */
	enum err e = load_users(c);
	if (!e)
		e = compare_ways(c);
	unload_users(c);
	kfree(c);
	return e;
}

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

/* Walks each program once more, or compiles it, and adds the ticks. */
static enum err repeat_step(struct object *o, enum err (*step)(struct prog *, struct strbuf *), u64 *ticks,
			    struct strbuf *log)
{
	enum err e = OK;
	for (u32 i = 0; i < o->prog_count && !e; i++) {
		if (step == prog_compile)
			prog_uncompile(o->progs[i]);
		u64 begin = rdtsc();
		e = step(o->progs[i], log);
		*ticks += rdtsc() - begin;
	}
	return e;
}

/* Loads it under another name, and repeats the two parts. */
static enum err cost_of_load(const char *name, struct strbuf *log)
{
	struct blob file;
	struct object *o;
	u64 walk = 0, compile = 0;
	const char *unit = measure_is_exact() ? "instructions" : "ticks";
	if (!load_find(&file, name))
		return str_refuse(log, ENOENT, "no object is called %s; prog list names them", name);
	u64 load = rdtsc();
	enum err e = object_load(&o, "cost load", file.start, (size_t)(file.end - file.start), PROG_JIT, log);
	load = rdtsc() - load;
	if (e)
		return e;
	e = repeat_step(o, prog_walk, &walk, log);
	if (!e)
		e = repeat_step(o, prog_compile, &compile, log);
	if (!e)
		kprintf("load    %9llu %s, of which\nwalk    %9llu follow all paths\n"
			"compile %9llu make machine code\n",
			load, unit, walk, compile);
	object_unload(o);
	return e;
}

static enum err cmd_cost(char **args, struct strbuf *log)
{
	if (strcmp(args[0], "load") == 0)
		return args[1] ? cost_of_load(args[1], log) : refuse_usage(cost_commands, "cost", log);
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
	progress_wipe();
	if (e)
		return e;
	u32 sites = count_sites(sel.progs[0]);
	u64 traced = drive ? measure_calls(drive->run) : 0;
	begin = begin_cost();
	e = detach_progs(sel.progs, sel.count, NULL, log);
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
	{ "compare", "kfree_skb|wake_up_process", "what a traced call costs, in every way", cmd_compare,
	  "Measures what a call of a function costs when it is traced in each of the ways that exist, with "
	  "1 to 32 users. It takes some seconds.",
	  "compare kfree_skb", "nothing; the selftests' bench has trig-fentry, trig-kprobe and others",
	  .tables = "*" },
	{ "cost", "PROG|load [FUNC|PATTERN|OBJECT]", "what attach, call, detach or load take", cmd_cost,
	  "Measures what it takes to attach the program, to call the traced function, and to detach it "
	  "again; load: to load the object once more. It leaves nothing attached or loaded.",
	  "cost count_fentry kfree_skb", "nothing; perf stat around a loader comes near", .tables = NULL },
	{ 0 },
};
