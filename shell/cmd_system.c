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
#include "shell/table.h"
#include "kernel/mem/text.h"
#include "kernel/trace/trace.h"
#include "kernel/net/traffic.h"
#include "tramp/text/poke.h"

#define TRACE_SHOWN 20 /* lines, unless the command says how many */

static enum err take_number(u64 *value, const char *text, u64 most, struct strbuf *log)
{
	if (parse_u64(text, value) && *value && *value <= most)
		return OK;
	return str_refuse(log, EINVAL, "%s is not a number from 1 to %llu", text, most);
}

/* Reads all lines that wait, keeps the last `room` of them in a ring, and returns how many it has read. */
static u32 read_last(struct trace_line *ring, u64 room)
{
	u32 waiting = trace_count(), count = 0;
	while (count < waiting && trace_read(&ring[count % room]))
		count++;
	return count;
}

static void print_last(const struct trace_line *ring, u64 room, u64 count)
{
	u64 shown = min(count, room);
	for (u64 i = count - shown; i < count; i++) {
		char text[384];
		struct strbuf s = STRBUF(text);
		trace_format(&s, &ring[i % room]);
		kprintf("%s\n", text);
	}
	kprintf("%llu line%s", shown, shown == 1 ? "" : "s");
	if (count > shown)
		kprintf(", %llu older ones left out", count - shown);
	kprintf(", %llu lost\n", trace_lost());
}

static enum err cmd_trace(char **args, struct strbuf *log)
{
	u64 room = TRACE_SHOWN;
	if (args[0]) {
		enum err e = take_number(&room, args[0], TRACE_LINES, log);
		if (e)
			return e;
	}
	struct trace_line *ring = kmalloc(room * sizeof(*ring));
	if (!ring)
		return str_refuse(log, ENOMEM, "no memory for %llu lines", room);
	print_last(ring, room, read_last(ring, room));
	kfree(ring);
	return OK;
}

static enum err traffic_for(u32 ms)
{
	enum { LOOK_MS = 100 };
	u64 start = ktime_get_ns();
	enum err e = traffic_start();
	if (e)
		return e;
	for (u64 passed = 0; passed < ms && !e; passed = (ktime_get_ns() - start) / 1000000) {
		msleep(min(ms - (u32)passed, (u32)LOOK_MS));
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

static enum err cmd_work(char **args, struct strbuf *log)
{
	u64 times;
	enum err e = take_number(&times, args[1], 10000000, log);
	if (e)
		return e;
	for (u32 i = 0; i < array_len(traffics); i++) {
		if (strcmp(traffics[i].name, args[0]))
			continue;
		u64 start = ktime_get_ns();
		e = traffics[i].run((u32)times);
		progress_wipe();
		if (e == EINTR)
			return e;
		if (e)
			return str_refuse(log, e, "work %s did not end well", args[0]);
		u64 us = (ktime_get_ns() - start) / 1000;
		kprintf("%llu %s in %llu.%03llu ms\n", times, traffics[i].done, us / 1000, us % 1000);
		return OK;
	}
	return str_refuse(log, ENOENT, "there is no work called %s: say wake, net or load", args[0]);
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
	{ "trace", "[N]", "the last N lines that programs printed", cmd_trace,
	  "Prints the last lines that programs and graph wrote to the trace buffer, and empties it. Lines "
	  "that did not fit are counted as lost.",
	  "attach wakeup; work wake 10; trace 5; detach wakeup",
	  "cat /sys/kernel/tracing/trace; bpftool prog tracelog", .tables = NULL },
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
