// SPDX-License-Identifier: MIT
// At the entry an ftrace callback, which puts the return address on the shadow stack; a handler at the
// return.
#include "tramp/ftrace/fgraph.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "kernel/cpu/trap.h"

enum { DATA_FUNC, DATA_DEPTH, DATA_ENTERED };

static notrace void graph_entry(uptr ip, uptr parent_ip unused, struct ftrace_ops *ops, struct pt_regs *regs)
{
	struct fgraph_ops *g = ops->private;
	const struct retstack *rs = current->retstack;
	struct fgraph_call call = { .func = ip, .depth = rs ? rs->depth : 0, .entered = ktime_get_ns() };
	const u64 data[RETSTACK_DATA] = { call.func, call.depth, call.entered };

	if (!rs || call.depth == RETSTACK_DEPTH) {
		__atomic_fetch_add(&g->missed, 1, __ATOMIC_RELAXED);
		return;
	}
	if (g->entryfunc(g, &call))
		retstack_push(&g->owner, (uptr *)regs->sp, data);
}

static notrace void graph_return(struct ret_owner *o, const struct ret_entry *e, struct pt_regs *regs)
{
	struct fgraph_ops *g = container_of(o, struct fgraph_ops, owner);
	const struct fgraph_call call = { .func = (uptr)e->data[DATA_FUNC],
					  .depth = (u32)e->data[DATA_DEPTH],
					  .entered = e->data[DATA_ENTERED] };
	g->retfunc(g, &call, ktime_get_ns() - call.entered, regs->ax);
}

void fgraph_prepare(struct fgraph_ops *g)
{
	g->ops.func = graph_entry;
	g->ops.flags = FTRACE_OPS_RECURSION;
	g->ops.name = g->name;
	g->ops.private = g;
	g->owner.name = g->name;
	g->owner.returned = graph_return;
}

enum err register_ftrace_graph(struct fgraph_ops *g, struct strbuf *log)
{
	enum err e = retstack_get();
	if (e)
		return str_refuse(log, e, "no memory for the shadow stacks");
	e = register_ftrace_function(&g->ops, log);
	if (e)
		retstack_put();
	return e;
}

enum err unregister_ftrace_graph(struct fgraph_ops *g, struct strbuf *log)
{
	enum err e = unregister_ftrace_function(&g->ops, log);
	if (e)
		return e;
	retstack_disown(&g->owner);
	retstack_put();
	return OK;
}
