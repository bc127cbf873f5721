/* SPDX-License-Identifier: MIT */
/* The periodic tick, and one-shot timers that run in softirq. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/sched/clock.h"

struct timer_list {
	struct list_head entry;
	u64 expires; /* ns since boot */
	void (*function)(struct timer_list *t);
	u32 cpu; /* timer.c's: where it was added */
};

/* Adds a timer whose expires and function are set. The function is called in softirq context on this CPU, at
 * the first tick after t->expires. The timer is off the list then, so the function may add or free it. Any
 * context but NMI. */
void add_timer(struct timer_list *t);

/* Removes a timer that was added. On return it is on no list and its function does not run, unless the
 * caller is that function. The caller must hold no lock that the function takes. */
void del_timer(struct timer_list *t);

/* Starts the clock, and the tick of the CPU that boots. After apic_init_cpu. */
void timer_init(void);

/* Starts the tick of one more CPU. */
void timer_init_cpu(void);
