/* SPDX-License-Identifier: MIT */
/* Deferred freeing: a function is called when no CPU can still hold a pointer that it read before call_rcu.
 *
 *   - A reader switches preemption off before it reads the pointer, and on after its last use.
 *   - The thread rcu_preempt does the rest. */
#pragma once
#include "kernel/lib/list.h"

struct rcu_head {
	struct list_head list;
	void (*func)(struct rcu_head *head);
};

/* Any context but NMI; needs no memory. func runs in the thread rcu_preempt. */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

/* Returns when no CPU can still hold a pointer that it read before the call. Needs no memory. Task context,
 * interrupts on. Panics if a CPU keeps it waiting for STALL_SECONDS. */
void synchronize_rcu(void);

/* Waits until all functions that were deferred before have been called. Task context. Panics likewise. */
void rcu_barrier(void);

/* The same, but for at most ms milliseconds. Returns false if that is not enough; never panics. */
bool rcu_flush(u32 ms);

/* Creates rcu_preempt. */
void rcu_init(void);
