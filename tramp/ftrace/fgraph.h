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
	/* Both are notrace and run with preemption off. If entryfunc returns false, retfunc is not called for
	 * this call. Entry and return may run on different CPUs. A call that is in progress at unregistration
	 * has no return. */
	bool (*entryfunc)(struct fgraph_ops *g, const struct fgraph_call *call);
	void (*retfunc)(struct fgraph_ops *g, const struct fgraph_call *call, u64 ns, u64 value);
	const char *name;
	void *private;
	u64 missed; /* calls too deep for the shadow stack; changed atomically */

	/* fgraph.c's; ftrace_set_filter_ips sets the filter of ops, before registration and later */
	struct ftrace_ops ops;
	struct ret_owner owner;
};

/* Prepares g->ops for ftrace_set_filter_ips. Once, before any other call. */
void fgraph_prepare(struct fgraph_ops *g);

/* As register_ftrace_function and unregister_ftrace_function. After the latter neither callback runs. */
enum err register_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
enum err unregister_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
