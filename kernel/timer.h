/* SPDX-License-Identifier: MIT */
/* Time: nanoseconds since boot from the TSC, the periodic tick, one-shot timers run in softirq. */
#pragma once
#include "kernel/lib/list.h"

#define HZ 250

/* Nanoseconds since boot; never goes back, the same on all CPUs. notrace. */
u64 ktime_get_ns(void);

struct timer_list {
	struct list_head entry;
	u64 expires; /* ns since boot */
	void (*function)(struct timer_list *t);
};
void add_timer(struct timer_list *t);
void del_timer(struct timer_list *t);

/* Busy-waits. */
void ndelay(u64 ns);
