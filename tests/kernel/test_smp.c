// SPDX-License-Identifier: MIT
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tests/test.h"

static void count_one(void *arg)
{
	__atomic_fetch_add((u32 *)arg, 1, __ATOMIC_SEQ_CST);
}

TEST(smp_every_cpu_knows_itself)
{
	for (u32 i = 0; i < cpu_count(); i++) {
		check(cpus[i].self == &cpus[i]);
		check_eq(i, cpus[i].id);
		for (u32 j = 0; j < i; j++)
			check(cpus[i].apic_id != cpus[j].apic_id);
	}
	check(this_cpu() >= cpus && this_cpu() < cpus + cpu_count());
}

TEST(smp_call_others_runs_once_on_each)
{
	u32 runs = 0;
	for (u32 i = 0; i < 100; i++)
		smp_call_others(count_one, &runs);
	check_eq(100 * (cpu_count() - 1), runs);
}

static void note_context(void *arg)
{
	*(bool *)arg &= in_hardirq() && irqs_are_off();
}

TEST(smp_call_others_runs_in_interrupt_context)
{
	bool all = true;
	smp_call_others(note_context, &all);
	check(all);
	check(!in_hardirq());
}

static u32 held_counter;

static struct {
	u32 first, second;
	bool irqs_off;
} seen;

static void look_twice(void *arg unused)
{
	seen.irqs_off = irqs_are_off();
	seen.first = read_once(held_counter);
	for (u32 i = 0; i < 100000; i++)
		compiler_barrier();
	seen.second = read_once(held_counter);
}

static struct {
	bool stop;
	u32 running, rounds;
} callers;

static int call_all_the_time(void *arg unused)
{
	u32 calls = 0;
	while (!read_once(callers.stop)) {
		smp_call_others(count_one, &calls);
		smp_sync_cores();
		__atomic_fetch_add(&callers.rounds, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_sub(&callers.running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static int count_until_stopped(void *arg unused)
{
	while (!read_once(callers.stop))
		__atomic_fetch_add(&held_counter, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&callers.running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static void start_everywhere(int (*fn)(void *arg))
{
	callers.stop = false;
	callers.rounds = 0;
	for (u32 i = 0; i < cpu_count(); i++) {
		__atomic_fetch_add(&callers.running, 1, __ATOMIC_SEQ_CST);
		if (!check(kthread_run(fn, NULL, i, "caller/%u", i) != NULL))
			callers.running--;
	}
}

static void stop_everywhere(void)
{
	write_once(callers.stop, true);
	while (__atomic_load_n(&callers.running, __ATOMIC_SEQ_CST))
		msleep(1);
}

TEST(smp_hold_others_stops_them_all)
{
	start_everywhere(count_until_stopped);
	while (!read_once(held_counter))
		msleep(1);
	for (u32 i = 0; i < 5; i++) {
		smp_hold_others(look_twice, NULL);
		check(seen.irqs_off);
		check_eq(seen.first, seen.second);
	}
	stop_everywhere();
}

TEST(smp_all_cpus_may_call_hold_and_sync_at_once)
{
	start_everywhere(call_all_the_time);
	while (!read_once(callers.rounds))
		msleep(1);
	u64 end = ktime_get_ns() + 300000000;
	for (u32 i = 0; i < 50 && ktime_get_ns() < end; i++) {
		smp_hold_others(look_twice, NULL);
		check(seen.irqs_off);
		smp_sync_cores();
	}
	stop_everywhere(); /* that everybody comes back is the claim */
}

TEST(smp_sync_cores_comes_back)
{
	for (u32 i = 0; i < 200; i++)
		smp_sync_cores();
	check_eq(0, preempt_count());
}
