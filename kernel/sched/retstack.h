/* SPDX-License-Identifier: MIT */
/* The shadow stack: return addresses that were replaced, so that an owner hears of a function's return.
 *
 * At a function's entry the word that holds its return address (the slot) is saved here and overwritten with
 * retstack_return. There the function "returns" to; it takes the entry off again, tells its owner, and goes
 * on to the real caller. Function graph and kretprobes both live on this one stack: two entries of one slot
 * are one return with two owners.
 *
 * One stack per task, last in first out. An interrupt that pushes on the stack of the task that it
 * interrupted pops again before it ends, so it may come at any instruction: each push first reserves its
 * entry, then fills it, then changes the slot. So at every instant the real address is in the slot or in an
 * entry below `depth`, which is what the scan of ways back relies on. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/sched/rcu.h"

struct pt_regs;
struct task_struct;

enum { RETSTACK_DEPTH = 64, RETSTACK_DATA = 3 };

struct ret_owner;

struct ret_entry {
	uptr *slot; /* where on the stack; NULL while the entry is not filled, or already used up */
	uptr real;  /* what was there */
	struct ret_owner *owner; /* NULL: gone meanwhile */
	u64 data[RETSTACK_DATA]; /* the owner's */
};

struct retstack {
	u32 depth;
	struct rcu_head rcu; /* freed when no return handler of its task can still look at it */
	struct ret_entry entries[RETSTACK_DEPTH];
};

struct ret_owner {
	const char *name;
	/* The function has returned. regs as it left them: ax (and dx) is the return value and may be
	 * changed; ip is the real return address, sp what it will be there. Preemption is off; interrupts are
	 * as the function left them. notrace. */
	void (*returned)(struct ret_owner *o, const struct ret_entry *e, struct pt_regs *regs);
	u32 running; /* calls of it in progress; retstack.c's */
};

/* All tasks, also those still to come, have a shadow stack from now on; ENOMEM: nothing has changed.
 * retstack_put takes that back; no push for this user may follow. Both in task context. */
enum err retstack_get(void);
void retstack_put(void);

/* In a function that was just called (at its site) with its return address in *slot: from now on its
 * return is told to o with `data`. False, and nothing has happened, if this task's shadow stack is full
 * or missing; o counts its misses itself. Any context, preemption off. notrace. */
bool retstack_push(struct ret_owner *o, uptr *slot, const u64 data[RETSTACK_DATA]);

/* No push for o may follow. Returns when it will never be called again, whatever tasks are still
 * inside functions whose return it waited for. Task context, interrupts on. */
void retstack_disown(struct ret_owner *o);

/* What a function whose return address is found in *slot as `found` really returns to: `found`, unless it
 * was replaced. Of the running task. notrace. */
uptr retstack_real(const uptr *slot, uptr found);

/* Calls visit with every address that t's shadow stack keeps. notrace. */
void retstack_visit(const struct task_struct *t, void (*visit)(uptr addr, void *arg), void *arg);

/* For task.c, when it makes a task: a shadow stack; NULL if no user wants one, or without memory. */
struct retstack *retstack_new(void);

/* Where replaced return addresses lead (kernel/sched/retstack_x86_64.asm). */
extern const u8 retstack_return[];
