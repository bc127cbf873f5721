// SPDX-License-Identifier: MIT
#include "kernel/trace/trace.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tests/test.h"

static u64 at; /* the next line to read */

static void read_all(void)
{
	at = trace_end();
}

static bool take(struct trace_line *l)
{
	return trace_read(&at, l);
}

static void write(const char *message)
{
	trace_write("prog", message, strlen(message));
}

TEST(trace_keeps_what_was_written)
{
	struct trace_line l;
	read_all();
	u64 before = ktime_get_ns();
	write("hello\n\n");
	require(take(&l));
	check_str("hello", l.message);
	check_str("prog", l.who);
	check_str(current->comm, l.comm);
	check_eq(current->pid, l.pid);
	check(l.ns >= before && l.ns <= ktime_get_ns());
	check(!l.irqs_off);
	check_eq(0, l.preempt_count);
	check(!take(&l));
}

TEST(trace_notes_the_context)
{
	struct trace_line l;
	read_all();
	preempt_disable();
	uptr flags = irq_save();
	write("x");
	irq_restore(flags);
	preempt_enable();
	require(take(&l));
	check(l.irqs_off);
	check_eq(1, l.preempt_count);
}

TEST(trace_cuts_long_messages)
{
	static char text[400];
	struct trace_line l;
	memset(text, 'a', sizeof(text) - 1);
	read_all();
	write(text);
	require(take(&l));
	check_eq(sizeof(l.message) - 1, strlen(l.message));
}

/* Names that differ only at the end stay different. */
TEST(trace_keeps_both_ends_of_a_long_name)
{
	char name[TRACE_WHO + 1];
	struct trace_line l;
	memset(name, 'n', TRACE_WHO);
	name[TRACE_WHO] = 0;
	read_all();
	trace_write(name + 1, "x", 1);
	require(take(&l));
	check_str(name + 1, l.who);
	memcpy(name + TRACE_WHO - 4, "_two", 4);
	trace_write(name, "x", 1);
	require(take(&l));
	check_eq(TRACE_WHO - 1, strlen(l.who));
	check(str_matches(l.who, "nnnn*nnn..nnn*nnn_two"));
}

TEST(trace_loses_the_oldest_and_counts_them)
{
	struct trace_line l;
	trace_clear();
	read_all();
	u64 lost = trace_lost();
	write("first");
	write("second");
	for (u32 i = 0; i < TRACE_LINES - 1; i++)
		write("more");
	check_eq(lost + 1, trace_lost());
	check_eq(TRACE_LINES, trace_end() - trace_begin());
	require(take(&l));
	check_str("second", l.message);
	read_all();
	check_eq(lost + 1, trace_lost());
}

TEST(trace_keeps_lines_that_were_read_until_it_is_cleared)
{
	struct trace_line l;
	trace_clear();
	check_eq(0, trace_lost());
	read_all();
	u64 first = at;
	write("kept");
	require(take(&l) && !take(&l));
	check_eq(1, trace_end() - trace_begin());
	check_eq(first + 1, at);
	at = 0; /* long gone */
	require(take(&l));
	check_str("kept", l.message);
	check_eq(first + 1, at);
	trace_clear();
	check_eq(0, trace_end() - trace_begin());
	at = 0;
	check(!take(&l));
	check_eq(0, at);
}

static u32 writers;

enum { EACH = 200 };

static int write_many(void *arg)
{
	for (u32 i = 0; i < EACH; i++)
		trace_write("writer", arg, 8);
	__atomic_fetch_sub(&writers, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(trace_lines_of_many_cpus_are_whole_and_none_is_lost)
{
	static const char *const texts[] = { "aaaaaaaa", "bbbbbbbb" };
	struct trace_line l;
	u32 count[2] = { 0 };
	read_all();
	u64 lost = trace_lost(), last = 0;
	writers = 8;
	for (u32 n = 0; n < 8; n++)
		require(kthread_run(write_many, (void *)texts[n % 2], n % cpu_count(), "writer/%u", n));
	while (__atomic_load_n(&writers, __ATOMIC_SEQ_CST))
		msleep(1);
	while (take(&l)) {
		u32 which = l.message[0] == 'b';
		check_str(texts[which], l.message);
		check(l.ns >= last);
		last = l.ns;
		count[which]++;
	}
	check_eq(lost, trace_lost());
	check_eq(8 * EACH, count[0] + count[1]);
}
