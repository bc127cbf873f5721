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
	unsigned int migration_disabled; /* > 0: stays on its CPU; changed by it and by images that it runs */
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

/* Makes a kernel thread and wakes it. It runs on CPU cpu, or on any CPU if cpu < 0. Its name is made as by
 * printf, and cut to 15 characters. The task ends when fn returns. Returns NULL if there is no memory. Task
 * context. */
struct task_struct *kthread_run(int (*fn)(void *arg), void *arg, int cpu, const char *name, ...)
    printf_like(4, 5);

/* task_init makes the boot context swapper/0. task_start starts `init` as pid 1 and kthreadd as pid 2, and
 * becomes the idle loop. */
void task_init(void);
void task_start(int (*init)(void *arg)) noreturn;

/* Makes the idle task of a CPU that is about to start. Returns NULL if there is no memory. */
struct task_struct *task_create_idle(u32 cpu);

/* Calls visit for every task, the idle ones first, under the lock of the list. visit must not sleep. */
void task_for_each(void (*visit)(struct task_struct *t, void *arg), void *arg);

/* The same, while every other CPU is held and interrupts are off here. visit must take no lock. */
void task_for_each_held(void (*visit)(struct task_struct *t, void *arg), void *arg);

/* Calls visit with every address at which any code in the machine may go on: interrupted instructions, and
 * return addresses on the stack of every task, whether it runs, was preempted or sleeps, this one too. A few
 * words that only look like a return address are visited too. Meanwhile every other CPU is held; visit runs
 * with interrupts off and takes no lock. */
void task_visit_returns(void (*visit)(uptr addr, void *arg), void *arg);
