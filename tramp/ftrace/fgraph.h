/* SPDX-License-Identifier: MIT */
/* Function graph: a callback at a function's entry and another at its return, through the shadow stack of
 * return addresses (kernel/sched/retstack.h). */
#pragma once
#include "kernel/sched/retstack.h"
#include "tramp/ftrace/ftrace.h"

struct fgraph_ops;

struct fgraph_call {
	uptr func;   /* its site */
	u32 depth;   /* how many calls of the shadow stack it is in, from 0 */
	u64 entered; /* ns since boot */
};

struct fgraph_ops {
	/* Both with preemption off, notrace; entryfunc may say with false that the return is of no interest. A
	 * return may come on another CPU than its entry; not for calls that are under way at unregistration. */
	bool (*entryfunc)(struct fgraph_ops *g, const struct fgraph_call *call);
	void (*retfunc)(struct fgraph_ops *g, const struct fgraph_call *call, u64 ns, u64 value);
	const char *name;
	void *private;
	u64 missed; /* calls too deep for the shadow stack; changed atomically */

	/* fgraph.c's own; the filter of ops is set with ftrace_set_filter_ips before registration and later */
	struct ftrace_ops ops;
	struct ret_owner owner;
};

/* Makes g->ops fit for ftrace_set_filter_ips: before anything else, once. */
void fgraph_prepare(struct fgraph_ops *g);

/* As register_ftrace_function and unregister_ftrace_function; after the latter neither callback runs. */
enum err register_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
enum err unregister_ftrace_graph(struct fgraph_ops *g, struct strbuf *log);
