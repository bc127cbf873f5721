// SPDX-License-Identifier: MIT
// The table of ways to trace a function.
#include "shell/ways.h"
#include "attach/attach.h"
#include "kernel/lib/mem.h"
#include "tramp/ftrace/caller.h"
#include "vm/run/map.h"

static enum err attach_program(const struct way *w, const struct traced *t, struct user *u)
{
	const struct object *o = u->object;
	char place[80];
	struct strbuf s = STRBUF(place);
	struct attach_options options = { .func = place, .how = w->how };

	for (u32 i = 0; i < o->prog_count; i++)
		if (strcmp(o->progs[i]->name, w->prog) == 0)
			u->prog = o->progs[i];
	for (u32 i = 0; i < o->map_count; i++)
		if (str_matches(o->maps[i]->name, "*.bss"))
			u->count = (u64 *)o->maps[i]->values;
	str_puts(&s, w->at_tracepoint ? t->drive->tracepoint : t->site->name);
	if (u->prog->type == PROG_KPROBE && w->how != KPROBE_FTRACE)
		str_printf(&s, "+%u", w->how == KPROBE_JUMP ? t->jump_offset : SITE_LEN);
	return attach_progs(&u->prog, 1, &options, t->log);
}

static enum err detach_program(const struct traced *t, struct user *u)
{
	return detach_progs(&u->prog, 1, NULL, t->log);
}

static notrace void count_call(unused uptr ip, unused uptr parent, struct ftrace_ops *ops,
			       unused struct pt_regs *regs)
{
	__atomic_fetch_add((u64 *)ops->private, 1, __ATOMIC_RELAXED);
}

static enum err attach_callback(const struct way *w, const struct traced *t, struct user *u)
{
	struct ftrace_ops *ops = &u->graph.ops;
	u->count = &u->calls;
	*ops = (struct ftrace_ops){
		.func = count_call, .flags = w->ftrace_flags, .name = "compare", .private = u->count
	};
	enum err e = ftrace_set_filter_ip(ops, t->site->addr, false, t->log);
	return e ? e : register_ftrace_function(ops, t->log);
}

static enum err detach_callback(const struct traced *t, struct user *u)
{
	return unregister_ftrace_function(&u->graph.ops, t->log);
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

static enum err attach_graph(unused const struct way *w, const struct traced *t, struct user *u)
{
	struct fgraph_ops *g = &u->graph;
	u->count = &u->calls;
	*g = (struct fgraph_ops){
		.entryfunc = count_entry, .retfunc = ignore_return, .name = "compare", .private = u->count
	};
	fgraph_prepare(g);
	enum err e = ftrace_set_filter_ip(&g->ops, t->site->addr, false, t->log);
	return e ? e : register_ftrace_graph(g, t->log);
}

static enum err detach_graph(const struct traced *t, struct user *u)
{
	return unregister_ftrace_graph(&u->graph, t->log);
}

static struct footprint image_footprint(const struct way *w, const struct traced *t,
					unused const struct user *u)
{
	static struct explained x;
	tramp_lock();
	struct site *site = w->at_tracepoint ? tracepoint_named(t->drive->tracepoint)->site : t->site;
	tramp_explain(site->tramp, &x);
	u32 slots = site->tramp->model.slot_count;
	tramp_unlock();
	return (struct footprint){ x.plan.frame + 8, 1 + slots + !!x.plan.ret, x.len };
}

static struct footprint callback_footprint(unused const struct way *w, unused const struct traced *t,
					   const struct user *u)
{
	const struct ftrace_ops *ops = &u->graph.ops;
	struct ftrace_caller_info info = ftrace_caller_info(ops->flags & FTRACE_OPS_SAVE_REGS);
	return (struct footprint){ info.stack, info.registers, ops->own->text.len };
}

static struct footprint probe_footprint(unused const struct way *w, unused const struct traced *t,
					const struct user *u)
{
	const struct link *l = NULL;
	links_lock();
	do
		l = link_next(l);
	while (l->prog != u->prog);
	struct kprobe_cost cost = kprobe_cost(probe_of(l));
	links_unlock();
	return (struct footprint){ cost.stack, cost.registers, cost.code };
}

/* clang-format off */
#define PROGRAM(prog, print) prog, .attach = attach_program, .detach = detach_program, .footprint = print
#define CALLBACK(kind) .attach = attach_##kind, .detach = detach_##kind, .footprint = callback_footprint
const struct way ways[WAYS] = {
	{ "fentry",           PROGRAM("count_fentry", image_footprint) },
	{ "fexit, by jmp",    PROGRAM("count_fexit", image_footprint) },
	{ "fexit, by call",   PROGRAM("count_fexit", image_footprint), .by_call = true },
	{ "fmod_ret",         PROGRAM("count_fmod_ret", image_footprint), .at_marked = true },
	{ "fsession",         PROGRAM("count_fsession", image_footprint), .most = 16 }, /* each is two hooks */
	{ "raw tracepoint",   PROGRAM("count_raw_tp", image_footprint), .at_tracepoint = true },
	{ "ftrace, plain",    CALLBACK(callback) },
	{ "ftrace, regs",     CALLBACK(callback), .ftrace_flags = FTRACE_OPS_SAVE_REGS },
	{ "function graph",   CALLBACK(graph) },
	{ "kprobe, ftrace",   PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_FTRACE },
	{ "kprobe, jump",     PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_JUMP },
	{ "kprobe, int3",     PROGRAM("count_kprobe", probe_footprint), .how = KPROBE_INT3 },
	{ "kretprobe",        PROGRAM("count_kretprobe", probe_footprint), .how = KPROBE_FTRACE },
};
/* clang-format on */
