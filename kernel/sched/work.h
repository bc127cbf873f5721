/* SPDX-License-Identifier: MIT */
/* Work for later, in a thread: kworker/N:1 runs what was scheduled on CPU N, in order. */
#pragma once
#include "kernel/lib/list.h"

struct work;
typedef void (*work_func_t)(struct work *work);

struct work {
	work_func_t fn;
	struct list_head list; /* work.c's, as is the rest */
	u32 cpu;
	bool pending; /* scheduled and not begun */
};

void init_work(struct work *work, work_func_t fn);

/* Queues it on this CPU; false if it was queued already. Any context but NMI. */
bool schedule_work(struct work *work);

/* Waits until it is neither queued nor running. Task context. */
void flush_work(struct work *work);

/* Creates the threads. */
void work_init(void);
