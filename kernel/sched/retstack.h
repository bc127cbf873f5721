/* SPDX-License-Identifier: MIT */
/* The shadow stack: return addresses that were replaced, so that an owner is called when a function returns.
 *
 * At a function's entry, the word that holds its return address (the slot) is saved here and overwritten with
 * the address of retstack_return. So the function "returns" to retstack_return, which takes the entry off
 * again, calls its owner, and goes on to the real caller. Function graph and kretprobes share this one stack:
 * two entries of one slot are one return with two owners.
 *
 * Each task has one stack, last in, first out. An interrupt that pushes on the stack of the interrupted task
 * pops again before it ends. It may come at any instruction: a push first reserves its entry, then fills it,
 * then changes the slot. So at every instant the real address is in the slot or in an entry below `depth`.
 * The scan of ways back relies on that. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/sched/rcu.h"

struct pt_regs;
struct task_struct;

enum { RETSTACK_DEPTH = 64, RETSTACK_DATA = 3 };

struct ret_owner;

struct ret_entry {
	uptr *slot; /* where on the task's stack; NULL while the entry is not filled, or already used up */
	uptr real;  /* the return address that was there */
	struct ret_owner *owner; /* NULL: the owner has left meanwhile (retstack_disown) */
	u64 data[RETSTACK_DATA]; /* the owner's */
};

struct retstack {
	u32 depth;
	struct rcu_head rcu; /* frees it when no return handler of its task can still use it */
	struct ret_entry entries[RETSTACK_DEPTH];
};

struct ret_owner {
	const char *name;
	/* Called when the function has returned. regs are as it left them: ax (and dx) is the return value
	 * and may be changed; ip is the real return address, sp its value there. Preemption is off;
	 * interrupts are as the function left them. notrace. */
	void (*returned)(struct ret_owner *o, const struct ret_entry *e, struct pt_regs *regs);
	u32 running; /* calls of `returned` in progress; retstack.c's */
};

/* retstack_get: from now on every task has a shadow stack, new tasks too. ENOMEM: nothing has changed.
 * retstack_put undoes one retstack_get; no push for this user may follow. Both in task context. */
enum err retstack_get(void);
void retstack_put(void);

/* For a function that was just called (at its site); *slot holds its return address. When it returns,
 * o->returned is called with `data`. Returns false and does nothing if this task's shadow stack is full or
 * missing; o counts such misses itself. Any context, preemption off. notrace. */
bool retstack_push(struct ret_owner *o, uptr *slot, const u64 data[RETSTACK_DATA]);

/* Removes o from all entries. Tasks may still be inside functions for which o pushed; on return, o is never
 * called again. No push for o may follow. Task context, interrupts on. */
void retstack_disown(struct ret_owner *o);

/* Where a function of the running task really returns to. `found` is what *slot, the place of its return
 * address, holds. Returns `found` unless it was replaced. notrace. */
uptr retstack_real(const uptr *slot, uptr found);

/* Calls visit with every address that t's shadow stack keeps. notrace. */
void retstack_visit(const struct task_struct *t, void (*visit)(uptr addr, void *arg), void *arg);

/* For task.c, when it makes a task. Returns a shadow stack; NULL if it has no user, or without memory. */
struct retstack *retstack_new(void);

/* Where replaced return addresses lead (kernel/sched/retstack_x86_64.asm). */
extern const u8 retstack_return[];
