/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds since boot from the TSC, the periodic tick, one-shot timers run in softirq. */
#pragma once
#include "kernel/lib/list.h"

#define HZ      250
#define NS_TICK (1000000000 / HZ)

/* Nanoseconds since boot; never goes back, the same on all CPUs. notrace. */
u64 ktime_get_ns(void);

/* How it is computed: (TSC - tsc_base) * ns_per_tsc >> 32. False if it is computed in another way. */
struct ktime_scale {
	u64 tsc_base, ns_per_tsc;
};
bool ktime_scale(struct ktime_scale *scale);

struct timer_list {
	struct list_head entry;
	u64 expires; /* ns since boot */
	void (*function)(struct timer_list *t);
	u32 cpu; /* timer.c's: where it was added */
};

/* Calls t->function in softirq context on this CPU, at the first tick after t->expires. The timer is
 * out of the list by then: its function may add or free it. Any context but NMI. */
void add_timer(struct timer_list *t);

/* Takes back a timer that was added. On return it is not in a list and its function does not run,
 * unless the caller is that function. No lock may be held that the function takes. */
void del_timer(struct timer_list *t);

/* Busy-waits. */
void ndelay(u64 ns);

/* Measures the TSC and the APIC timer against the PIT and starts the tick of the CPU that boots.
 * ktime_get_ns is 0 before. Needs apic_init_cpu. */
void timer_init(void);

/* Starts the tick of one more CPU. */
void timer_init_cpu(void);
