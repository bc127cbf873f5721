// SPDX-License-Identifier: MIT
// Calls functions and reads the clock.
#include "shell/measure.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/net/skb.h"
#include "kernel/trace/events.h"

/* Never drops the last user, so that no call depends on the state of the heap. */
static void drive_kfree_skb(u32 calls)
{
	struct sk_buff *skb = alloc_skb(64);
	if (!skb)
		return;
	for (u32 i = 0; i < calls; i++)
		kfree_skb(skb_get(skb));
	kfree_skb(skb);
}

static void drive_wake_up_process(u32 calls)
{
	while (calls--)
		wake_up_process(current); /* which is awake */
}

static void drive_trace_kfree_skb(u32 calls)
{
	while (calls--)
		trace_kfree_skb(NULL, NULL, SKB_DROP_REASON_NOT_SPECIFIED);
}

static void drive_trace_sched_waking(u32 calls)
{
	while (calls--)
		trace_sched_waking(current);
}

const struct measure_drive measure_drives[] = {
	{ "kfree_skb", "kfree_skb", drive_kfree_skb, drive_trace_kfree_skb },
	{ "wake_up_process", "sched_waking", drive_wake_up_process, drive_trace_sched_waking },
};

const struct measure_drive *measure_drive_named(const char *func)
{
	for (u32 i = 0; i < array_len(measure_drives); i++)
		if (strcmp(measure_drives[i].func, func) == 0)
			return &measure_drives[i];
	return NULL;
}

static u64 ticks_of(void (*run)(u32 calls), u32 calls)
{
	uptr flags = irq_save();
	u64 begin = rdtsc();
	run(calls);
	u64 ticks = rdtsc() - begin;
	irq_restore(flags);
	return ticks;
}

u64 measure_calls(void (*run)(u32 calls))
{
	u64 once = ~0ull, twice = ~0ull;
	for (u32 i = 0; i <= MEASURE_ROUNDS; i++) { /* the first round warms up the caches */
		u64 a = ticks_of(run, MEASURE_CALLS), b = ticks_of(run, 2 * MEASURE_CALLS);
		once = min(once, a); /* min evaluates its arguments twice */
		twice = min(twice, b);
	}
	return twice > once ? twice - once : 0;
}

u64 measure_extra(u64 ticks, u64 base)
{
	return ticks > base ? (ticks - base + MEASURE_CALLS / 2) / MEASURE_CALLS : 0;
}

/* Counts a loop of two instructions. */
bool measure_is_exact(void)
{
	enum { TURNS = 100000 };
	u32 n = TURNS;
	uptr flags = irq_save();
	u64 begin = rdtsc();
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n)::"cc");
	u64 ticks = rdtsc() - begin;
	irq_restore(flags);
	return ticks >= 2 * TURNS && ticks < 2 * TURNS + 100;
}
