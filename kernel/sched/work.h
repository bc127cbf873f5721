/* SPDX-License-Identifier: MIT */
/* Work for later, in a thread: kworker/N:1 runs what was scheduled on CPU N, in order. */
#pragma once
#include "kernel/lib/list.h"

struct work;
typedef void (*work_func_t)(struct work *work);

struct work {
	work_func_t fn;
	struct list_head list; /* this and the rest are work.c's */
	u32 cpu;
	bool pending; /* scheduled, and fn has not begun */
};

void init_work(struct work *work, work_func_t fn);

/* Queues work on this CPU. Returns false if it was queued already. Any context but NMI. */
bool schedule_work(struct work *work);

/* Waits until work is neither queued nor running. Task context. */
void flush_work(struct work *work);

/* Creates the threads. */
void work_init(void);
