// SPDX-License-Identifier: MIT
#include "kernel/trace/trace.h"
#include "kernel/lib/mem.h"
#include "tests/test.h"

static const char *format(const struct trace_line *l)
{
	static char text[256];
	struct strbuf s = STRBUF(text);
	trace_format(&s, l);
	return text;
}

static struct trace_line mail_line(void)
{
	return (struct trace_line){
		.ns = 68517276999,
		.cpu = 1,
		.preempt_count = 0x101,
		.comm = "swapper/1",
		.who = "my_wake_up",
		.message = "We are waking up rcu_preempt:10",
	};
}

TEST(trace_line_is_the_one_of_the_mail)
{
	struct trace_line l = mail_line();
	check_str(
	    "          <idle>-0     [001] ..s1    68.517276: my_wake_up: We are waking up rcu_preempt:10",
	    format(&l));
}

TEST(trace_line_of_a_task_with_a_long_name_and_pid)
{
	struct trace_line l = mail_line();
	l.pid = 123456;
	l.cpu = 31;
	l.ns = 1234567000001000;
	l.preempt_count = 0;
	str_copy(l.comm, "fifteen_letters", sizeof(l.comm));
	str_copy(l.message, "", sizeof(l.message));
	check_str(" fifteen_letters-123456 [031] .... 1234567.000001: my_wake_up: ", format(&l));
}

TEST(trace_line_shows_each_context)
{
	static const struct {
		u32 count;
		bool irqs_off, need_resched;
		const char *flags;
	} rows[] = {
		{ 0, false, false, "...." },      { 0, true, false, "d..." },
		{ 0, false, true, ".N.." },       { 0x10000, true, false, "d.h." },
		{ 0x10100, true, false, "d.H." }, { 0x100, false, false, "..s." },
		{ 0x200, false, false, "...." },  { 0x100000, true, false, "d.z." },
		{ 0x110002, true, true, "dNZ2" }, { 0x0f, false, false, "...f" },
		{ 0x40, false, false, "...f" },
	};
	for (u32 i = 0; i < array_len(rows); i++) {
		struct trace_line l = mail_line();
		char flags[5] = { 0 };
		l.preempt_count = rows[i].count;
		l.irqs_off = rows[i].irqs_off;
		l.need_resched = rows[i].need_resched;
		memcpy(flags, format(&l) + 29, 4);
		check_str(rows[i].flags, flags);
	}
}
