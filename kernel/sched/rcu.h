/* SPDX-License-Identifier: MIT */
/* Deferred freeing: a function is called once no CPU can still hold a pointer that it read, with
 * preemption off, before call_rcu. What readers do is preempt_disable; the rest is rcu_preempt's. */
#pragma once
#include "kernel/lib/list.h"

struct rcu_head {
	struct list_head list;
	void (*func)(struct rcu_head *head);
};

/* Any context but NMI; needs no memory. func runs in the thread rcu_preempt. */
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

/* Returns when no CPU can still hold a pointer that it read, with preemption off, before the call. Needs no
 * memory. Task context, interrupts on. Panics if a CPU keeps it waiting for STALL_SECONDS. */
void synchronize_rcu(void);

/* Waits until everything that was deferred before has been called. Task context. Panics likewise. */
void rcu_barrier(void);

/* The same, if nothing need be undone should it take longer than so many ms: false then. */
bool rcu_flush(u32 ms);

/* Creates rcu_preempt. */
void rcu_init(void);
