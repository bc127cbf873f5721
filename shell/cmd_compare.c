// SPDX-License-Identifier: MIT
// The command compare: what a traced call costs, in every way there is.
#include "kernel/io/blobs.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "shell/measure.h"
#include "shell/command.h"
#include "shell/table.h"
#include "attach/attach.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/ftrace/caller.h"
#include "tramp/text/poke.h"
#include "vm/run/map.h"

enum { USERS = 32, SESSION_RUNS = 2 };

/* --- equal counting users, and the ways to attach them ---------------------------------- */

struct comparison {
	const struct measure_drive *drive;
	struct site *site;
	struct strbuf *log;
	u64 base;        /* ticks of MEASURE_CALLS untraced calls */
	u32 jump_offset; /* where in the function a probe can be a jump */
	struct object *objects[USERS];
	struct ftrace_ops ops[USERS];
	struct fgraph_ops graphs[USERS];
	u64 counts[USERS]; /* of callbacks; programs count in their objects */
};

/* What one user costs besides time. */
struct footprint {
	u32 stack, registers, code;
};

struct way {
	const char *name;
	const char *prog; /* of the object count; NULL for callbacks in C */
	enum kprobe_how how;
	u32 ftrace_flags;
	bool by_call, at_tracepoint;
	u32 most; /* users, if fewer than USERS */
	enum err (*attach)(struct comparison *c, const struct way *w, u32 user);
	enum err (*detach)(struct comparison *c, const struct way *w, u32 user);
	struct footprint (*footprint)(struct comparison *c, const struct way *w);
};

static notrace void count_call(unused uptr ip, unused uptr parent, struct ftrace_ops *ops,
			       unused struct pt_regs *regs)
{
	__atomic_fetch_add((u64 *)ops->private, 1, __ATOMIC_RELAXED);
}

static notrace bool count_entry(struct fgraph_ops *g, unused const struct fgraph_call *call)
{
	__atomic_fetch_add((u64 *)g->private, 1, __ATOMIC_RELAXED);
	return true;
}

static notrace void ignore_return(unused struct fgraph_ops *g, unused const struct fgraph_call *call,
				  unused u64 ns, unused u64 value)
{
}

static struct prog *prog_of(const struct object *o, const char *name)
{
	for (u32 i = 0; i < o->prog_count; i++)
		if (strcmp(o->progs[i]->name, name) == 0)
			return o->progs[i];
	return NULL;
}

static enum err attach_user(struct comparison *c, const struct way *w, u32 user)
{
	struct prog *p = prog_of(c->objects[user], w->prog);
	char place[80];
	struct strbuf s = STRBUF(place);
	struct attach_options options = { .func = place, .how = w->how };

	str_puts(&s, w->at_tracepoint ? c->drive->tracepoint : c->site->name);
	if (p->type == PROG_KPROBE && w->how != KPROBE_FTRACE)
		str_printf(&s, "+%u", w->how == KPROBE_JUMP ? c->jump_offset : SITE_LEN);
	return attach_progs(&p, 1, &options, c->log);
}

static enum err detach_user(struct comparison *c, const struct way *w, u32 user)
{
	struct prog *p = prog_of(c->objects[user], w->prog);
	return detach_progs(&p, 1, c->log);
}

static enum err attach_callback(struct comparison *c, const struct way *w, u32 user)
{
	struct ftrace_ops *ops = &c->ops[user];
	*ops = (struct ftrace_ops){
		.func = count_call, .flags = w->ftrace_flags, .name = "compare", .private = &c->counts[user]
	};
	enum err e = ftrace_set_filter_ip(ops, c->site->addr, false, c->log);
	return e ? e : register_ftrace_function(ops, c->log);
}

static enum err detach_callback(struct comparison *c, unused const struct way *w, u32 user)
{
	return unregister_ftrace_function(&c->ops[user], c->log);
}

static enum err graph_attach_user(struct comparison *c, unused const struct way *w, u32 user)
{
	struct fgraph_ops *g = &c->graphs[user];
	*g = (struct fgraph_ops){ .entryfunc = count_entry,
				  .retfunc = ignore_return,
				  .name = "compare",
				  .private = &c->counts[user] };
	fgraph_prepare(g);
	enum err e = ftrace_set_filter_ip(&g->ops, c->site->addr, false, c->log);
	return e ? e : register_ftrace_graph(g, c->log);
}

static enum err graph_detach_user(struct comparison *c, unused const struct way *w, u32 user)
{
	return unregister_ftrace_graph(&c->graphs[user], c->log);
}

static struct footprint image_footprint(struct comparison *c, const struct way *w)
{
	static struct explained x;
	tramp_lock();
	struct site *site = w->at_tracepoint ? tracepoint_named(c->drive->tracepoint)->site : c->site;
	tramp_explain(site->tramp, &x);
	u32 slots = site->tramp->model.slot_count;
	tramp_unlock();
	return (struct footprint){ x.plan.frame + 8, 1 + slots + !!x.plan.ret, x.len };
}

static struct footprint ftrace_footprint(struct comparison *c, const struct way *w)
{
	struct ftrace_caller_info info = ftrace_caller_info(w->ftrace_flags & FTRACE_OPS_SAVE_REGS);
	return (struct footprint){ info.stack, info.registers, c->ops[0].own->text.len };
}

static struct footprint graph_footprint(struct comparison *c, unused const struct way *w)
{
	const struct ftrace_ops *ops = &c->graphs[0].ops;
	struct ftrace_caller_info info = ftrace_caller_info(ops->flags & FTRACE_OPS_SAVE_REGS);
	return (struct footprint){ info.stack, info.registers, ops->own->text.len };
}

static struct footprint probe_footprint(struct comparison *c, const struct way *w)
{
	const struct prog *p = prog_of(c->objects[0], w->prog);
	const struct link *l = NULL;
	links_lock();
	do
		l = link_next(l);
	while (l->prog != p);
	struct kprobe_cost cost = kprobe_cost(probe_of(l));
	links_unlock();
	return (struct footprint){ cost.stack, cost.registers, cost.code };
}

/* clang-format off */
#define PROGRAM(prog, print) prog, .attach = attach_user, .detach = detach_user, .footprint = print
#define CALLBACK .attach = attach_callback, .detach = detach_callback, .footprint = ftrace_footprint
static const struct way ways[] = {
	{ "fentry",           PROGRAM("count_fentry", image_footprint) },
	{ "fexit, by jmp",    PROGRAM("count_fexit", image_footprint) },
	{ "fexit, by call",   PROGRAM("count_fexit", image_footprint), .by_call = true },
	{ "fmod_ret",         PROGRAM("count_fmod_ret", image_footprint) },
	{ "fsession",         PROGRAM("count_fsession", image_footprint), .most = 16 }, /* each is two hooks */
	{ "raw tracepoint",   PROGRAM("count_raw_tp", image_footprint), .at_tracepoint = true },
	{ "ftrace, plain",    CALLBACK },
	{ "ftrace, regs",     CALLBACK, .ftrace_flags = FTRACE_OPS_SAVE_REGS },
	{ "function graph",   .attach = graph_attach_user, .detach = graph_detach_user, .footprint = graph_footprint },
	{ "kprobe, ftrace",   PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_FTRACE },
	{ "kprobe, jump",     PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_JUMP },
	{ "kprobe, int3",     PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_INT3 },
	{ "kretprobe",        PROGRAM("count_kretprobe", probe_footprint), .how = KPROBE_FTRACE },
};
/* clang-format on */

/* --- one line of the table -------------------------------------------------------------- */

static u64 *counter_of(struct comparison *c, const struct way *w, u32 user)
{
	const struct object *o = c->objects[user];
	if (!w->prog)
		return &c->counts[user];
	for (u32 i = 0; i < o->map_count; i++)
		if (str_matches(o->maps[i]->name, "*.bss"))
			return (u64 *)o->maps[i]->values;
	return NULL;
}

/* Every user has counted every call: else the figure is worth nothing. */
static enum err check_counts(struct comparison *c, const struct way *w, u32 users)
{
	u64 per_call = w->prog && prog_of(c->objects[0], w->prog)->type == PROG_FSESSION ? SESSION_RUNS : 1;
	u64 wanted = MEASURE_CALLS_IN_ALL * per_call;
	for (u32 i = 0; i < users; i++) {
		u64 got = *counter_of(c, w, i);
		if (got < wanted)
			return str_refuse(c->log, EINVAL,
					  "%s with %u users: user %u counted %llu of %llu runs", w->name,
					  users, i, got, wanted);
	}
	return OK;
}

static void (*run_of(const struct comparison *c, const struct way *w))(u32 calls)
{
	return w->at_tracepoint ? c->drive->run_tracepoint : c->drive->run;
}

/* Adds users up to so many, counts from 0, and returns the ticks of a call beyond the untraced ones. */
static enum err measure_users(struct comparison *c, const struct way *w, u32 *attached, u32 users, u64 *extra)
{
	while (*attached < users) {
		enum err e = w->attach(c, w, *attached);
		if (e)
			return e;
		++*attached;
	}
	for (u32 i = 0; i < users; i++)
		*counter_of(c, w, i) = 0;
	*extra = measure_extra(measure_calls(run_of(c, w)), c->base);
	return check_counts(c, w, users);
}

/* The cells of one way. `each more` is what the last doubling cost, divided by the users that it added. */
static enum err fill_row(struct comparison *c, const struct way *w, struct table *t, u32 *attached)
{
	u32 most = w->most ? w->most : USERS;
	u64 extra = 0, before = 0;
	struct footprint f = { 0 };
	table_cell(t, "%s", w->name);
	for (u32 users = 1; users <= USERS; users *= 2) {
		if (users > most) {
			table_cell(t, "-");
			continue;
		}
		before = extra;
		enum err e = measure_users(c, w, attached, users, &extra);
		if (e)
			return e;
		table_cell(t, "%llu", extra);
		if (users == 1)
			f = w->footprint(c, w);
	}
	u64 tenths = extra > before ? (extra - before) * 10 / (most / 2) : 0;
	table_cell(t, "%llu.%llu", tenths / 10, tenths % 10);
	table_cell(t, "%u", f.stack);
	table_cell(t, "%u", f.registers);
	table_cell(t, "%u", f.code);
	return OK;
}

/* The first instruction that can become a jump and that every call executes; if there is none, log says why
 * the last one tried is not it. */
static enum err find_jump(struct comparison *c, const struct way *w)
{
	enum { LAST_OFFSET = 256 };
	struct strbuf *log = c->log;
	enum err e = ENOENT;
	for (c->jump_offset = SITE_LEN; c->jump_offset < LAST_OFFSET; c->jump_offset++) {
		log->len = 0;
		e = w->attach(c, w, 0);
		if (e)
			continue;
		*counter_of(c, w, 0) = 0;
		c->drive->run(MEASURE_CALLS);
		u64 runs = *counter_of(c, w, 0);
		w->detach(c, w, 0);
		if (runs >= MEASURE_CALLS)
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

static enum err compare_way(struct comparison *c, const struct way *w, struct table *t)
{
	struct plan_options before = tramp_options();
	enum err e = set_options((struct plan_options){ .by_jmp = !w->by_call }, c->log);
	u32 attached = 0;
	if (!e && w->how == KPROBE_JUMP)
		e = find_jump(c, w);
	c->base = measure_calls(run_of(c, w));
	if (!e)
		e = fill_row(c, w, t, &attached);
	while (attached--)
		w->detach(c, w, attached);
	set_options(before, c->log);
	return e;
}

/* --- the command ------------------------------------------------------------------------ */

static enum err load_users(struct comparison *c)
{
	const struct blob *b = builtin_objects;
	while (b->name && strcmp(b->name, "count"))
		b++;
	for (u32 i = 0; i < USERS; i++) {
		char name[16];
		struct strbuf s = STRBUF(name);
		str_printf(&s, "compare%u", i);
		enum err e = object_load(&c->objects[i], name, b->start, (size_t)(b->end - b->start),
					 PROG_JIT, c->log);
		if (e)
			return e;
	}
	return OK;
}

/* Images may wait for a task that sleeps in them. */
static void unload_users(struct comparison *c)
{
	for (u32 i = 0; i < USERS; i++) {
		while (c->objects[i] && object_unload(c->objects[i]) == EBUSY) {
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
	table_begin(&t, "|>x1|>x2|>x4|>x8|>x16|>x32|>each more|>stack|>regs|>code");
	for (u32 i = 0; i < array_len(ways) && !e; i++)
		e = compare_way(c, &ways[i], &t);
	if (!e)
		kprintf("%s that tracing adds to a call of %s, with 1 to %u users;\n"
			"bytes of stack, registers saved and bytes of code for one user.\n%s",
			exact ? "Instructions" : "Ticks", c->site->name, USERS,
			exact ? "" : "Ticks are only roughly right: --icount counts instructions.\n");
	enum err printed = table_print(&t, c->log);
	return e ? e : printed;
}

static enum err cmd_compare(char **args, struct strbuf *log)
{
	struct comparison *c;
	enum err e;
	const struct measure_drive *drive = measure_drive_named(args[0]);
	if (!drive)
		return str_refuse(log, EOPNOTSUPP,
				  "compare does not know how to call %s; it can call kfree_skb and "
				  "wake_up_process",
				  args[0]);
	c = kzalloc(sizeof(*c));
	if (!c)
		return str_refuse(log, ENOMEM, "no memory for %u users", USERS);
	c->drive = drive;
	c->site = site_named(args[0]);
	c->log = log;
	e = load_users(c);
	if (!e)
		e = compare_ways(c);
	unload_users(c);
	kfree(c);
	return e;
}

/* clang-format off */
const struct command compare_commands[] = {
	{ "compare", "kfree_skb|wake_up_process", "what a traced call costs, in every way", cmd_compare },
	{ 0 },
};
/* clang-format on */
