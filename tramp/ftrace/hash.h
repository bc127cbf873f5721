/* SPDX-License-Identifier: MIT */
/* A set of function addresses. The list function reads it at every call of a function with several callbacks.
 *
 *   - Open addressing, at most half full.
 *   - A set that other CPUs can see does not change: a changed set is a new one. The old one is freed when no
 *     CPU can read it any more.
 *   - Each has room for a batch of pokes at all of its functions, so that leaving them needs no memory. */
#pragma once
#include "kernel/sched/rcu.h"
#include "tramp/text/poke.h"

struct ftrace_hash {
	struct rcu_head rcu;
	u32 count, room;    /* how many addresses it has; for how many it was made */
	u32 mask;           /* slots - 1 */
	struct poke *batch; /* [room] */
	uptr slots[];       /* 0: empty */
};

/* Returns an empty set for up to `room` addresses, NULL if there is no memory. */
struct ftrace_hash *ftrace_hash_new(u32 room);

/* Adds ip, which is not 0; there must be room. No effect if the set has it. */
void ftrace_hash_add(struct ftrace_hash *h, uptr ip);

/* Whether the set has ip. NULL is the empty set. notrace */
bool ftrace_hash_has(const struct ftrace_hash *h, uptr ip);

/* Frees a set, at once or _later: when no CPU with preemption off can be reading it. NULL is allowed. */
void ftrace_hash_free(struct ftrace_hash *h);
void ftrace_hash_free_later(struct ftrace_hash *h);

/* Iterates over the addresses of the set: for (u32 i = 0; ftrace_hash_next(h, &i, &ip);) */
bool ftrace_hash_next(const struct ftrace_hash *h, u32 *i, uptr *ip);
