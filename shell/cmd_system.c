// SPDX-License-Identifier: MIT
// Commands about the machine: trace, work, ps, cpus, mem, poweroff.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/page.h"
#include "kernel/io/power.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "shell/command.h"
#include "shell/style.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "kernel/mem/text.h"
#include "kernel/trace/trace.h"
#include "kernel/net/traffic.h"
#include "tramp/text/poke.h"

static enum err take_number(u64 *value, const char *text, u64 most, struct strbuf *log)
{
	if (parse_u64(text, value) && *value && *value <= most)
		return OK;
	return str_refuse(log, EINVAL, "%s is not a number from 1 to %llu", text, most);
}

static void print_trace_line(const struct trace_line *l)
{
	char text[384];
	struct strbuf s = STRBUF(text);
	trace_format(&s, l);
	kprintf("%s\n", text);
}

/* Printing may itself be traced: lines that come meanwhile are not shown. */
static enum err print_last(u64 most)
{
	struct trace_line l;
	u64 begin = trace_begin(), end = trace_end(), kept = end - begin, lost = trace_lost(), shown = 0;
	u64 at = end - min(kept, most);
	for (; at < end && trace_read(&at, &l); shown++) {
		if (progress_stop(0, 0))
			return EINTR;
		print_trace_line(&l);
	}
	kprintf("%llu line%s", shown, shown == 1 ? "" : "s");
	if (kept > shown)
		kprintf(", %llu older ones left out", kept - shown);
	if (lost)
		kprintf("; %llu lost, because %u are kept", lost, TRACE_LINES);
	kprintf("\n");
	return OK;
}

/* Prints the lines that are written from now on, until Ctrl-C. There may be none for a long time. */
static enum err follow_trace(struct strbuf *log)
{
	enum { LOOK_MS = 100 }; /* each look is a wake-up, too */
	struct trace_line l;
	u64 at = trace_end(), shown = 0;
	if (style_is_terminal())
		kprintf("follows the trace until Ctrl-C\n");
	while (!progress_stop(0, 0)) {
		u64 wanted = at;
		if (!trace_read(&at, &l)) {
			msleep(LOOK_MS);
			continue;
		}
		if (at > wanted + 1)
			kprintf("%llu lines lost: they came faster than they are printed\n", at - wanted - 1);
		print_trace_line(&l);
		shown++;
	}
	return str_refuse(log, EINTR, "%llu line%s", shown, shown == 1 ? "" : "s");
}

static enum err cmd_trace(char **args, struct strbuf *log)
{
	u64 most = TRACE_LINES;
	if (args[0] && strcmp(args[0], "follow") == 0)
		return follow_trace(log);
	if (args[0] && strcmp(args[0], "clear") == 0) {
		trace_clear();
		return OK;
	}
	if (args[0] && !parse_u64(args[0], &most))
		return refuse_usage(system_commands, "trace", log);
	enum err e = args[0] ? take_number(&most, args[0], TRACE_LINES, log) : OK;
	return e ? e : print_last(most);
}

static enum err traffic_for(u32 ms)
{
	enum { LOOK_MS = 100 };
	u64 start = ktime_get_ns();
	enum err e = traffic_start();
	if (e)
		return e;
	for (u64 passed = 0; passed < ms && !e;) {
		msleep(min(ms - (u32)passed, (u32)LOOK_MS));
		passed = (ktime_get_ns() - start) / 1000000;
		e = progress_stop(passed, ms) ? EINTR : OK;
	}
	enum err stopped = traffic_stop();
	return stopped ? stopped : e;
}

/* What work can do, so many times or for so many ms. */
static const struct traffic {
	const char *name, *done;
	enum err (*run)(u32 times);
} traffics[] = {
	{ "wake", "wake-ups", traffic_wake },
	{ "net", "packets sent and received", traffic_net },
	{ "load", "ms of senders on every CPU", traffic_for },
};

/* sent: packets. traffic_net alone can fail in the middle, when send_frame does. */
static enum err refuse_work(const char *name, u64 sent, u64 times, enum err e, struct strbuf *log)
{
	if (strcmp(name, "net") == 0)
		return str_refuse(log, e, "work net sent %llu of %llu packets; then send_frame failed", sent,
				  times);
	if (e == ENOMEM)
		return str_refuse(log, e, "no memory for the threads of work %s", name);
	return str_refuse(log, e, "what work %s used is not freed after ten seconds", name);
}

static enum err cmd_work(char **args, struct strbuf *log)
{
	u64 times;
	enum err e = take_number(&times, args[1], 10000000, log);
	if (e)
		return e;
	const struct traffic *t = traffics; /* the usage lists them all */
	while (strcmp(t->name, args[0]))
		t++;
	u64 start = ktime_get_ns(), sent = read_once(traffic_counts.sent);
	e = t->run((u32)times);
	progress_wipe();
	if (e == EINTR)
		return e;
	if (e)
		return refuse_work(t->name, read_once(traffic_counts.sent) - sent, times, e, log);
	u64 us = (ktime_get_ns() - start) / 1000;
	kprintf("%llu %s in %llu.%03llu ms\n", times, t->done, us / 1000, us % 1000);
	return OK;
}

static const char *state_name(const struct task_struct *t)
{
	if (t->on_cpu)
		return "running";
	switch (t->__state) {
	case TASK_RUNNING: return "ready";
	case TASK_INTERRUPTIBLE:
	case TASK_UNINTERRUPTIBLE: return "asleep";
	}
	return "dead";
}

static void task_row(struct task_struct *t, void *arg)
{
	struct table *table = arg;
	table_add(table, "%d\t%d\t%u\t%d\t%s\t%lu\t%lu\t%s", t->pid, t->parent ? t->parent->pid : 0, t->cpu,
		  t->prio, state_name(t), t->nvcsw, t->nivcsw, t->comm);
}

static enum err cmd_ps(unused char **args, struct strbuf *log)
{
	struct table t;
	table_begin(&t, ">pid|>parent|>cpu|>prio|state|>slept|>pushed|*name");
	task_for_each(task_row, &t);
	return table_print(&t, log);
}

static enum err cmd_cpus(unused char **args, struct strbuf *log)
{
	struct table t;
	table_begin(&t, ">cpu|>apic id|*runs");
	preempt_disable(); /* no running task is freed meanwhile */
	for (u32 i = 0; i < cpu_count(); i++) {
		const struct task_struct *running = read_once(cpus[i].current_task);
		table_add(&t, "%u\t%u\t%s:%d", i, cpus[i].apic_id, running->comm, running->pid);
	}
	preempt_enable();
	return table_print(&t, log);
}

static enum err cmd_mem(unused char **args, unused struct strbuf *log)
{
	struct poke_stats poked = poke_stats();
	u32 free, total, text_bytes, blocks;
	u64 bytes, allocations;
	page_usage(&free, &total);
	heap_usage(&bytes, &allocations);
	text_usage(&text_bytes, &blocks);
	kprintf("pages   %u of %u free\n", free, total);
	kprintf("heap    %llu bytes in use, %llu allocations so far\n", bytes, allocations);
	kprintf("text    %u bytes of generated code, blocks: %u\n", text_bytes, blocks);
	kprintf("pokes   %llu in %llu batches, %llu syncs of all CPUs, %llu traps\n", poked.pokes,
		poked.batches, poked.syncs, poked.traps);
	return OK;
}

static enum err cmd_poweroff(unused char **args, unused struct strbuf *log)
{
	machine_exit(true);
}

const struct command system_commands[] = {
	{ "trace", "[N|follow|clear]", "what programs printed, or its last N", cmd_trace,
	  "Prints the lines that programs and graph wrote to the trace buffer, which keeps the last 4096. "
	  "follow prints lines as they are written, until Ctrl-C; clear empties the buffer.",
	  "attach wakeup; work wake 10; trace 5; detach wakeup",
	  "cat /sys/kernel/tracing/trace; follow: cat trace_pipe, bpftool prog tracelog", .tables = NULL },
	{ "work", "wake|net|load N", "N wake-ups, packets, or ms of senders", cmd_work,
	  "Makes the kernel do something that can be traced: N wake-ups, N packets, or N ms of senders on "
	  "every CPU. It says how long that took.",
	  "work net 1000", "ping -f 127.0.0.1; perf bench sched pipe", .tables = NULL },
	{ "ps", "", "the tasks", cmd_ps,
	  "Lists the tasks, with Linux's names for those that Linux has, too. slept counts how often a task "
	  "gave up its CPU, pushed how often it was made to.",
	  "ps", "ps -eL; top", .tables = "" },
	{ "cpus", "", "the CPUs and what they run", cmd_cpus,
	  "Lists the CPUs, and what each runs at this moment. The launcher's --smp N says how many there "
	  "are.",
	  "cpus", "lscpu; top", .tables = "" },
	{ "mem", "", "memory in use, and pokes made", cmd_mem,
	  "Prints how much memory is in use, how much of it is generated code, and what the patcher has "
	  "done so far. traps counts CPUs that met the int3 of a poke.",
	  "mem", "free; cat /proc/meminfo", .tables = NULL },
	{ "poweroff", "", "switch the machine off", cmd_poweroff,
	  "Switches the machine off, and QEMU ends. Ctrl-] x ends QEMU at once.", "poweroff", "poweroff",
	  .tables = NULL },
	{ 0 },
};
