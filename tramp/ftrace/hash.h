/* SPDX-License-Identifier: MIT */
/* A set of function addresses, asked at every call of a function that several callbacks have. Open addressing,
 * at most half full. Never changed once others can see it: a changed set is a new one, and the old is freed
 * when no CPU can still be asking it. Each has room for the batch of pokes that leaving all of its functions
 * takes, so that leaving needs no memory. */
#pragma once
#include "kernel/sched/rcu.h"
#include "tramp/text/poke.h"

struct ftrace_hash {
	struct rcu_head rcu;
	u32 count, room;    /* addresses; how many it was made for */
	u32 mask;           /* slots - 1 */
	struct poke *batch; /* [room] */
	uptr slots[];       /* 0: empty */
};

/* An empty set for up to `room` addresses; NULL if there is no memory. */
struct ftrace_hash *ftrace_hash_new(u32 room);

/* ip != 0 and there is room. Twice is once. */
void ftrace_hash_add(struct ftrace_hash *h, uptr ip);

/* NULL is the empty set. notrace */
bool ftrace_hash_has(const struct ftrace_hash *h, uptr ip);

/* Frees it, NULL allowed: at once, or when no CPU with preemption off can be looking at it. */
void ftrace_hash_free(struct ftrace_hash *h);
void ftrace_hash_free_later(struct ftrace_hash *h);

/* for (u32 i = 0; ftrace_hash_next(h, &i, &ip);) */
bool ftrace_hash_next(const struct ftrace_hash *h, u32 *i, uptr *ip);
