/* SPDX-License-Identifier: MIT */
/* Tasks: struct task_struct with Linux's field names, their creation and end. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/sched/rcu.h"
#include "kernel/cpu/smp.h"
#include "kernel/trace/uapi.h"

/* task_struct.__state, Linux's values. */
enum { TASK_RUNNING = 0, TASK_INTERRUPTIBLE = 1, TASK_UNINTERRUPTIBLE = 2, TASK_DEAD = 128 };

/* task_struct.flags, Linux's values. */
enum { PF_IDLE = 0x2, PF_EXITING = 0x4, PF_KTHREAD = 0x200000 };

struct task_struct {
	unsigned int __state;
	void *stack; /* lowest usable byte; a guard page lies below */
	unsigned int flags;
	int on_cpu; /* running on a CPU right now */
	int on_rq;  /* in a run queue */
	int prio;   /* 0 (highest) .. 139; 120 is normal */
	unsigned int cpu;
	unsigned int migration_disabled; /* > 0: stays on its CPU; its own, and of images that it runs in */
	int pid, tgid;
	struct task_struct *real_parent, *parent;
	struct list_head tasks;      /* all of them, from init_task */
	unsigned long nvcsw, nivcsw; /* switches: voluntary, by preemption */
	u64 start_time;              /* ns since boot */
	char comm[TASK_COMM_LEN];

	/* sched.c's own */
	int nr_cpus_allowed;         /* 1: never leaves its CPU */
	int time_slice;              /* ticks left of its turn */
	struct list_head run_list;   /* in its CPU's queue while runnable and not running */
	struct list_head wait_entry; /* in the one wait queue it sleeps on */
	uptr sp;                     /* saved stack pointer while not running */
	u32 preempt_count;           /* saved while not running */
	int (*fn)(void *arg);
	void *arg;
	struct retstack *retstack; /* replaced return addresses; NULL: no room for any */
	struct rcu_head rcu;       /* of a dead task */
};

/* ORDER TASK */
_Static_assert(offsetof(struct task_struct, migration_disabled) == TASK_MIGRATION_DISABLED, "layout.h");

extern struct task_struct init_task; /* swapper/0; its `tasks` is the head of the list of all others */

static inline notrace struct task_struct *get_current(void)
{
	return percpu_read_ptr(CPU_CURRENT);
}
#define current get_current()

/* Makes a kernel thread and wakes it; name as printf makes it, cut to 15 characters. Runs on any
 * CPU unless cpu >= 0. NULL if there is no memory. When fn returns the task ends. */
struct task_struct *kthread_run(int (*fn)(void *arg), void *arg, int cpu, const char *name, ...)
    printf_like(4, 5);

/* The boot context becomes swapper/0, init runs in a thread of that name as pid 1, kthreadd is pid 2. */
void task_init(void);
void task_start(int (*init)(void *arg)) noreturn;

/* The idle task of a CPU that is about to start; NULL if there is no memory. */
struct task_struct *task_create_idle(u32 cpu);

/* Calls visit for every task under the task lock, the idle ones first; visit must not sleep. */
void task_for_each(void (*visit)(struct task_struct *t, void *arg), void *arg);

/* The same with every other CPU held and interrupts off here; visit must take no lock. */
void task_for_each_held(void (*visit)(struct task_struct *t, void *arg), void *arg);

/* Calls visit with every address at which any code in the machine may go on: interrupted instructions and
 * return addresses of whatever runs, was preempted or sleeps, this CPU's own stack included (and few words
 * that only look like one). Every other CPU is held meanwhile; visit runs with interrupts off. */
void task_visit_returns(void (*visit)(uptr addr, void *arg), void *arg);
