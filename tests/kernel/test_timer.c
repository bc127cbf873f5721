// SPDX-License-Identifier: MIT
#include "kernel/sched/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "tests/test.h"

enum { MS = 1000000 };

TEST(timer_clock_never_goes_back)
{
	u64 last = ktime_get_ns();
	for (u32 i = 0; i < 10000; i++) {
		u64 now = ktime_get_ns();
		if (!check(now >= last))
			return;
		last = now;
	}
}

TEST(timer_clock_is_the_same_on_all_cpus)
{
	for (u32 i = 0; i < 20; i++) {
		u64 before = ktime_get_ns();
		yield(); /* the next reading may be another CPU's */
		msleep(1);
		u64 after = ktime_get_ns();
		check(after > before);
		check(after - before < 2000ull * MS);
	}
}

TEST(timer_ndelay_takes_its_time)
{
	u64 start = ktime_get_ns();
	ndelay(3 * MS);
	check(ktime_get_ns() - start >= 3 * MS);
}

TEST(timer_msleep_sleeps_at_least_as_long_as_asked)
{
	u64 start = ktime_get_ns();
	msleep(20);
	check(ktime_get_ns() - start >= 20 * MS);
}

struct probe {
	struct timer_list timer;
	u32 runs, order, cpu;
	u64 when;
	bool in_softirq, irqs_off, preempt_depth;
};

static u32 fired;

static void note(struct timer_list *t)
{
	struct probe *p = container_of(t, struct probe, timer);
	p->when = ktime_get_ns();
	p->in_softirq = in_softirq() && !in_hardirq();
	p->irqs_off = irqs_are_off();
	p->preempt_depth = preempt_count() & 0xff;
	p->order = fired++;
	p->runs++;
}

TEST(timer_runs_once_in_softirq_with_no_lock_held)
{
	struct probe p = { .timer = { .expires = ktime_get_ns() + 5 * MS, .function = note } };
	add_timer(&p.timer);
	msleep(60);
	check_eq(1, p.runs);
	check(p.when >= p.timer.expires);
	check(p.in_softirq);
	check(!p.irqs_off);
	check_eq(0, p.preempt_depth);
}

TEST(timer_runs_in_order_of_expiry)
{
	u64 now = ktime_get_ns();
	struct probe late = { .timer = { .expires = now + 40 * MS, .function = note } };
	struct probe soon = { .timer = { .expires = now + 10 * MS, .function = note } };
	struct probe mid = { .timer = { .expires = now + 25 * MS, .function = note } };
	preempt_disable();
	fired = 0;
	add_timer(&late.timer);
	add_timer(&soon.timer);
	add_timer(&mid.timer);
	preempt_enable();
	msleep(100);
	check_eq(0, soon.order);
	check_eq(1, mid.order);
	check_eq(2, late.order);
}

TEST(timer_deleted_does_not_run)
{
	struct probe p = { .timer = { .expires = ktime_get_ns() + 10 * MS, .function = note } };
	add_timer(&p.timer);
	del_timer(&p.timer);
	msleep(30);
	check_eq(0, p.runs);
}

static struct probe again;

static void note_again(struct timer_list *t)
{
	note(t);
	t->expires = ktime_get_ns() + 1 * MS;
	if (again.runs < 3)
		add_timer(t);
}

TEST(timer_may_add_itself_again)
{
	again = (struct probe){ .timer = { .expires = ktime_get_ns() + 1 * MS, .function = note_again } };
	add_timer(&again.timer);
	while (read_once(again.runs) < 3)
		msleep(1);
	msleep(20);
	check_eq(3, again.runs);
}
