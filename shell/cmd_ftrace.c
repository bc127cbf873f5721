// SPDX-License-Identifier: MIT
// The commands of ftrace: ftrace, graph, hijack, share.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "shell/command.h"
#include "shell/show.h"
#include "shell/table.h"
#include "kernel/trace/trace.h"
#include "kernel/cpu/trap.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/ftrace/share.h"
#include "tramp/tramp.h"

/* Adds all functions that match the pattern to the filter of ops; *count is their number. */
static enum err choose(struct ftrace_ops *ops, const char *pattern, u32 *count, struct strbuf *log)
{
	struct site *site;
	uptr *ips;
	enum err e = str_is_pattern(pattern) ? OK : show_find_site(&site, pattern, log);

	if (e)
		return e;
	ips = kmalloc(site_count() * sizeof(*ips));
	if (!ips)
		return str_refuse(log, ENOMEM, "no memory for the list of functions");
	*count = 0;
	for (u32 i = 0; i < site_count(); i++)
		if (str_matches(site_nth(i)->name, pattern))
			ips[(*count)++] = site_nth(i)->addr;
	e = *count ? ftrace_set_filter_ips(ops, ips, *count, false, log) : ENOENT;
	kfree(ips);
	if (e == ENOENT)
		return str_refuse(log, e, "no function that can be traced matches %s", pattern);
	return e;
}

static const char *plural(u32 n)
{
	return n == 1 ? "" : "s";
}

/* A callback that counts. */
struct counter {
	struct ftrace_ops ops;
	u64 count; /* changed atomically */
	char name[16];
	struct counter *next;
};

static struct counter *counters;
static u32 last_counter;

static notrace void count_hit(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops,
			      struct pt_regs *regs unused)
{
	struct counter *c = container_of(ops, struct counter, ops);
	__atomic_fetch_add(&c->count, 1, __ATOMIC_RELAXED);
}

static enum err attach_counter(const char *pattern, bool regs, struct strbuf *log)
{
	struct counter *c = kzalloc(sizeof(*c));
	u32 found = 0;
	enum err e;

	if (!c)
		return str_refuse(log, ENOMEM, "no memory for a callback");
	str_printf(&STRBUF(c->name), "count%u", last_counter + 1);
	c->ops = (struct ftrace_ops){ .func = count_hit,
				      .name = c->name,
				      .flags = regs ? FTRACE_OPS_SAVE_REGS : 0 };
	e = choose(&c->ops, pattern, &found, log);
	if (!e)
		e = register_ftrace_function(&c->ops, log);
	if (e) {
		ftrace_free_filter(&c->ops);
		kfree(c);
		return e;
	}
	last_counter++;
	c->next = counters;
	counters = c;
	kprintf("%s counts calls of %u function%s\n", c->name, found, plural(found));
	return OK;
}

static enum err detach_counters(struct strbuf *log)
{
	if (!counters)
		return refuse_off("ftrace", log);
	while (counters) {
		struct counter *c = counters;
		enum err e = unregister_ftrace_function(&c->ops, log);
		if (e)
			return e;
		kprintf("%s: %llu calls\n", c->name, c->count);
		counters = c->next;
		kfree(c);
	}
	return OK;
}

static void print_who(struct strbuf *s, const struct site *site)
{
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o))
		if (ftrace_wants(o, site->addr))
			str_printf(s, "%s%s", s->len ? ", " : "", o->name);
	if (site->tramp)
		str_puts(s, ", BPF");
}

static enum err list_sites(struct strbuf *log)
{
	struct table t;

	table_begin(&t, "*function|caller|callbacks");
	for (u32 i = 0; i < site_count(); i++) {
		const struct site *site = site_nth(i);
		char who[120] = "";
		struct strbuf s = STRBUF(who);
		if (!site->ftrace)
			continue;
		print_who(&s, site);
		table_add(&t, "%s\t%s\t%s", site->name, text_find(site->ftrace)->name, who);
	}
	return table_print_or(&t, "", log);
}

static enum err list_ops(struct strbuf *log)
{
	struct table t;

	table_begin(&t, "*callback|registers|>functions|>calls|>missed");
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o)) {
		table_add(&t, "%s\t%s\t%u", o->name, o->flags & FTRACE_OPS_SAVE_REGS ? "all" : "arguments",
			  ftrace_filter_count(o));
		if (o->func == count_hit)
			table_add(&t, "%llu", container_of(o, struct counter, ops)->count);
		else
			table_add(&t, "-");
		table_add(&t, "%llu", o->missed);
	}
	return table_print_or(&t, "ftrace has no callbacks", log);
}

static enum err list_all(struct strbuf *log)
{
	tramp_lock();
	enum err e = list_sites(log);
	e = e ? e : list_ops(log);
	tramp_unlock();
	return e;
}

static enum err cmd_ftrace(char **args, struct strbuf *log)
{
	bool regs = args[0] && args[1];
	if (regs && strcmp(args[1], "regs"))
		return str_refuse(log, EINVAL, "%s is not regs", args[1]);
	if (!args[0] || strcmp(args[0], "list") == 0)
		return list_all(log);
	if (strcmp(args[0], "off") == 0)
		return detach_counters(log);
	return attach_counter(args[0], regs, log);
}

/* The function graph: entries and returns in the trace buffer. */
enum { GRAPH_COLUMNS = 20, GRAPH_INDENT = 2 };

static notrace void graph_line(const char *duration, u32 depth, const char *what, const char *name)
{
	char text[160];
	struct strbuf s = STRBUF(text);
	str_printf(&s, "%13s |  %*s", duration, (int)(min(depth, (u32)GRAPH_COLUMNS) * GRAPH_INDENT), "");
	str_printf(&s, what, name);
	trace_write("graph", s.buf, s.len);
}

/* Works in any context. */
static notrace const char *site_name(uptr func)
{
	return site_at(func)->name;
}

static notrace bool print_entry(struct fgraph_ops *g unused, const struct fgraph_call *call)
{
	graph_line("", call->depth, "%s() {", site_name(call->func));
	return true;
}

static notrace void print_return(struct fgraph_ops *g unused, const struct fgraph_call *call, u64 ns,
				 u64 value unused)
{
	char text[32];
	struct strbuf s = STRBUF(text);
	str_printf(&s, "%llu.%03llu us", ns / 1000, ns % 1000);
	graph_line(text, call->depth, "} /* %s */", site_name(call->func));
}

static struct fgraph_ops graph = { .entryfunc = print_entry, .retfunc = print_return, .name = "graph" };

static enum err cmd_graph(char **args, struct strbuf *log)
{
	u32 found = 0;
	enum err e;

	if (strcmp(args[0], "off") == 0)
		return graph.ops.registered ? unregister_ftrace_graph(&graph, log) : refuse_off("graph", log);
	fgraph_prepare(&graph);
	e = choose(&graph.ops, args[0], &found, log);
	if (e)
		return e;
	if (!graph.ops.registered)
		e = register_ftrace_graph(&graph, log);
	if (e) {
		ftrace_free_filter(&graph.ops);
		return e;
	}
	kprintf("%u function%s: entries and returns go to the trace buffer\n", found, plural(found));
	return OK;
}

/* Runs in place of wake_up_process. It calls the body, behind the site, so that it is not replaced again. */
static notrace int my_wake_up_process(struct task_struct *p)
{
	int (*body)(struct task_struct * p) = (void *)((uptr)wake_up_process + SITE_LEN);
	char text[64];
	struct strbuf s = STRBUF(text);
	str_printf(&s, "We are waking up %s:%d", p->comm, p->pid);
	trace_write(__func__, s.buf, s.len);
	return body(p);
}

static notrace void go_elsewhere(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
				 struct pt_regs *regs)
{
	regs->ip = (uptr)my_wake_up_process;
}

static struct ftrace_ops hijack = { .func = go_elsewhere,
				    .name = "hijack",
				    .flags = FTRACE_OPS_SAVE_REGS | FTRACE_OPS_IPMODIFY };

static enum err hijack_on(struct strbuf *log)
{
	enum err e = ftrace_set_filter_ip(&hijack, (uptr)wake_up_process, false, log);
	if (!e)
		e = register_ftrace_function(&hijack, log);
	if (e && !hijack.registered)
		ftrace_free_filter(&hijack);
	return e;
}

static enum err cmd_hijack(char **args, struct strbuf *log)
{
	bool on = args[0] ? strcmp(args[0], "on") == 0 : hijack.registered;
	enum err e = OK;

	if (args[0] && !on && !hijack.registered)
		return refuse_off("hijack", log);
	if (args[0])
		e = on ? hijack_on(log) : unregister_ftrace_function(&hijack, log);
	if (e)
		return e;
	kprintf(on ? "wake_up_process is replaced by my_wake_up_process\n" : "wake_up_process is itself\n");
	return OK;
}

static enum err cmd_share(char **args, struct strbuf *log)
{
	bool on = args[0] ? strcmp(args[0], "on") == 0 : share_mode();
	enum err e = OK;

	if (args[0] && !on && !share_mode())
		return refuse_off("share", log);
	tramp_lock();
	if (args[0])
		e = share_set_mode(on, log);
	tramp_unlock();
	if (e)
		return e;
	kprintf(on ? "BPF and ftrace may both have a function\n"
		   : "a function belongs to BPF or to ftrace\n");
	return OK;
}

const struct command ftrace_commands[] = {
	{ "ftrace", "[list|off|FUNC|PATTERN] [regs]", "count calls by callbacks", cmd_ftrace,
	  "Counts calls of functions by callbacks in C, which ftrace's own code calls from the same site. "
	  "list shows them with their counts, and off removes them all.",
	  "ftrace *skb; work net 10; ftrace list; ftrace off",
	  "echo '*skb' > set_ftrace_filter; echo 1 > function_profile_enabled", .tables = "|list" },
	{ "graph", "off|FUNC|PATTERN", "trace entries, returns and durations", cmd_graph,
	  "Writes each call of the functions, its return and its duration to the trace buffer, indented as "
	  "they nest. trace prints them.",
	  "graph kfree_skb; work net 10; trace; graph off",
	  "echo function_graph > current_tracer; trace-cmd record -p function_graph", .tables = NULL },
	{ "hijack", "[on|off]", "replace wake_up_process by regs->ip", cmd_hijack,
	  "A callback changes the instruction pointer that is restored, so that calls of wake_up_process "
	  "run another function. That is how a live patch works.",
	  "hijack on; work wake 5; trace 5; hijack off", "livepatch: modprobe livepatch-sample",
	  .tables = NULL },
	{ "share", "[on|off]", "let BPF and ftrace share functions", cmd_share,
	  "When it is on, a function can have BPF programs and callbacks of ftrace at once: ftrace's caller "
	  "then goes on to the trampoline. When it is off, the second one is refused.",
	  "share on; attach skbcount; ftrace kfree_skb; ftrace list; ftrace off; detach all; share off",
	  "nothing to choose: always on", .tables = NULL },
	{ 0 },
};
