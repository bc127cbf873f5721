// SPDX-License-Identifier: MIT
// Replaced return addresses: functions here note themselves, as a callback at their site would do it.
#include "tests/test.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/retstack.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "kernel/cpu/trap.h"
#include "tramp/ftrace/ftrace.h"

static u32 told;
static u64 last_data, order;
static struct pt_regs last_regs;
static struct ret_entry last_entry;

static notrace void on_return(struct ret_owner *o, const struct ret_entry *e, struct pt_regs *regs)
{
	told++;
	last_data = e->data[0];
	last_regs = *regs;
	last_entry = *e;
	order = order * 10 + (u64)o->name[0] - '0';
	regs->ax += e->data[1];
}

static struct ret_owner one = { .name = "1", .returned = on_return };
static struct ret_owner two = { .name = "2", .returned = on_return };

static notrace bool note(struct ret_owner *o, uptr *slot, u64 add)
{
	const u64 data[RETSTACK_DATA] = { 77, add };
	preempt_disable();
	bool pushed = retstack_push(o, slot, data);
	preempt_enable();
	return pushed;
}
#define own_slot() ((uptr *)__builtin_frame_address(0) + 1)

static traceable u64 rs_plain(u64 x)
{
	note(&one, own_slot(), 1000);
	return x * 2;
}

static traceable u64 rs_twice(u64 x)
{
	note(&one, own_slot(), 10);
	note(&two, own_slot(), 100);
	return x;
}

TEST(retstack_tells_of_a_return_and_lets_it_change_the_value)
{
	require(retstack_get() == OK);
	told = 0;
	check_eq(1000 + 42, rs_plain(21));
	check_eq(1, told);
	check_eq(77, last_data);
	check_eq(last_regs.ip, last_entry.real);
	check_eq(last_regs.sp, (uptr)(last_entry.slot + 1));
	check_eq(42, last_regs.ax);
	check_eq(0, current->retstack->depth);
	retstack_put();
}

TEST(retstack_tells_two_owners_of_one_return)
{
	require(retstack_get() == OK);
	told = 0;
	order = 0;
	check_eq(5 + 110, rs_twice(5));
	check_eq(2, told);
	check_eq(21, order); /* the last one first */
	retstack_put();
}

static u32 pushed;

static traceable u64 rs_deep(u64 n)
{
	pushed += note(&one, own_slot(), 1);
	return n ? rs_deep(n - 1) : 0;
}

TEST(retstack_refuses_what_does_not_fit)
{
	require(retstack_get() == OK);
	told = pushed = 0;
	check_eq(RETSTACK_DEPTH, rs_deep(RETSTACK_DEPTH + 10));
	check_eq(RETSTACK_DEPTH, told);
	check_eq(RETSTACK_DEPTH, pushed);
	retstack_put();
	told = 0;
	check_eq(0, rs_deep(3)); /* without a user no task has one */
	check_eq(0, told);
}

static bool in, may_go, out;
static u64 got;

static traceable u64 rs_sleep(u64 x)
{
	note(&one, own_slot(), 1000);
	write_once(in, true);
	while (!read_once(may_go))
		msleep(1);
	return x;
}

static int sleeper(void *arg unused)
{
	got = rs_sleep(3);
	write_once(out, true);
	return 0;
}

static struct task_struct *begin_sleep(void)
{
	in = may_go = out = false;
	struct task_struct *t = kthread_run(sleeper, NULL, -1, "sleeper");
	while (t && !read_once(in))
		msleep(1);
	return t;
}

static void end_sleep(void)
{
	write_once(may_go, true);
	while (!read_once(out))
		msleep(1);
}

static u32 real_seen;

static notrace void look_for_real(uptr addr, void *arg)
{
	real_seen += addr == (uptr)arg;
}

TEST(retstack_is_part_of_the_scan_of_ways_back)
{
	require(retstack_get() == OK);
	struct task_struct *t = begin_sleep();
	require(t);
	check_eq(1, t->retstack->depth);
	real_seen = 0;
	task_visit_returns(look_for_real, (void *)t->retstack->entries[0].real);
	check(real_seen >= 1);
	end_sleep();
	check_eq(1003, got);
	retstack_put();
}

TEST(retstack_owner_may_leave_while_a_task_sleeps)
{
	u64 before, after, allocations;
	msleep(20);
	rcu_barrier();
	heap_usage(&before, &allocations);
	require(retstack_get() == OK);
	require(begin_sleep());
	retstack_disown(&one);
	told = 0;
	retstack_put();
	end_sleep();
	check_eq(3, got);
	check_eq(0, told);
	for (u32 i = 0; i < 100; i++) { /* what the sleeper had goes with it */
		msleep(5);
		rcu_barrier();
		heap_usage(&after, &allocations);
		if (before == after)
			break;
	}
	check_eq(before, after);
}

/* The last user leaves, and at its task_for_each, where it takes the stacks away, another comes. */
static const struct task_struct *leaver;
static bool leaves, has_come, has_left, without, at_its_end;

static notrace void wait_for_comer(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
				   struct pt_regs *regs unused)
{
	u64 end = ktime_get_ns() + 20000000; /* it may have to wait until we have left */
	if (current != leaver)
		return;
	write_once(leaves, true);
	while (!read_once(has_come) && ktime_get_ns() < end)
		cpu_pause();
}

static int comer(void *arg unused)
{
	while (!read_once(leaves))
		msleep(1);
	check_eq(OK, retstack_get());
	write_once(has_come, true);
	while (!read_once(has_left))
		msleep(1);
	without = !current->retstack;
	retstack_put();
	write_once(at_its_end, true);
	return 0;
}

TEST(retstack_is_kept_for_a_user_that_comes_while_the_last_one_leaves)
{
	static struct ftrace_ops ops = { .func = wait_for_comer, .name = "wait_for_comer" };
	char text[200];
	struct strbuf log = STRBUF(text);

	if (cpu_count() < 2) {
		test_skip("needs two CPUs");
		return;
	}
	leaves = has_come = has_left = without = at_its_end = false;
	require(ftrace_set_filter_ip(&ops, (uptr)task_for_each, false, &log) == OK);
	require(register_ftrace_function(&ops, &log) == OK);
	require(retstack_get() == OK);
	migrate_disable();
	require(kthread_run(comer, NULL, (int)((smp_processor_id() + 1) % cpu_count()), "comer"));
	leaver = current;
	retstack_put();
	leaver = NULL;
	migrate_enable();
	write_once(has_left, true);
	while (!read_once(at_its_end))
		msleep(1);
	check(!without);
	check_eq(OK, unregister_ftrace_function(&ops, &log));
}

/* rs_caller calls rs_outer calls rs_inner; the last two are noted. */
static u32 callers, trampolines, callers_at_return, trampolines_at_return;

static traceable void rs_caller(void);
static traceable void rs_outer(void);

static notrace void count_callers(uptr addr, void *arg unused)
{
	struct sym sym;
	if (!sym_at(addr, &sym))
		return;
	callers += sym.addr == (uptr)rs_caller || sym.addr == (uptr)rs_outer;
	trampolines += sym.addr == (uptr)retstack_return;
}

static notrace void look_back(void)
{
	callers = trampolines = 0;
	backtrace_walk(NULL, count_callers, NULL);
}

static notrace void look_back_at_return(struct ret_owner *o unused, const struct ret_entry *e unused,
					struct pt_regs *regs unused)
{
	look_back();
	callers_at_return = callers;
	trampolines_at_return = trampolines;
}

static struct ret_owner looker = { .name = "3", .returned = look_back_at_return };

static traceable void rs_inner(void)
{
	note(&looker, own_slot(), 0);
	look_back();
	check_eq(2, callers);
	check_eq(0, trampolines);
}

static traceable void rs_outer(void)
{
	note(&one, own_slot(), 0);
	rs_inner();
	compiler_barrier();
}

static traceable void rs_caller(void)
{
	rs_outer();
	compiler_barrier();
}

TEST(retstack_backtraces_show_the_real_callers)
{
	require(retstack_get() == OK);
	rs_caller();
	check_eq(2, callers_at_return);
	check_eq(1, trampolines_at_return); /* itself, since it is what calls */
	retstack_put();
}
