/* SPDX-License-Identifier: MIT */
/* Function graph: a callback at a function's entry and another at its return, through the shadow stack of
 * return addresses (kernel/sched/retstack.h). */
#pragma once
#include "kernel/sched/retstack.h"
#include "tramp/ftrace/ftrace.h"

struct fgraph_ops;

struct fgraph_call {
	uptr func;   /* its site */
	u32 depth;   /* calls around it on the shadow stack, from 0 */
	u64 entered; /* ns since boot */
};

struct fgraph_ops {
	/* Both are notrace and run with preemption off, maybe on different CPUs. If entryfunc returns false,
	 * retfunc is not called for this call. Nor is it called for a call that is in progress when g is
	 * unregistered. ns: how long the call took; value: what the function returned. */
	bool (*entryfunc)(struct fgraph_ops *g, const struct fgraph_call *call);
	void (*retfunc)(struct fgraph_ops *g, const struct fgraph_call *call, u64 ns, u64 value);
	const char *name;
	void *private;
	u64 missed; /* calls for which the shadow stack had no room; changed atomically */

	/* fgraph.c's. The caller sets the filter of ops with ftrace_set_filter_ips, at any time. */
	struct ftrace_ops ops;
	struct ret_owner owner;
};

/* Prepares g->ops for ftrace_set_filter_ips. Once, before any other call. */
void fgraph_prepare(struct fgraph_ops *g);

/* As register_ftrace_function and unregister_ftrace_function. After the latter neither callback runs. */
enum err register_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
enum err unregister_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
