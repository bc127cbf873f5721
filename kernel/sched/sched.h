/* SPDX-License-Identifier: MIT */
/* The scheduler: one run queue per CPU, by priority, round robin within one; preemptive. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/sched/lock.h"
#include "kernel/sched/task.h"

void schedule(void);
void yield(void);

/* Makes a sleeping task runnable. 1 if it was asleep, 0 if it was running already; as on Linux. */
int wake_up_process(struct task_struct *p);

/* Other tasks of p's priority and below run when p sleeps. Takes effect the next time p is queued. */
void sched_set_prio(struct task_struct *p, int prio);

/* Sleeps at least so long, unless woken before. */
void msleep(u32 ms);

static inline notrace u32 preempt_count(void)
{
	return percpu_read(CPU_PREEMPT_COUNT) & ~PREEMPT_NO_RESCHED;
}
static inline notrace void preempt_disable(void)
{
	percpu_add(CPU_PREEMPT_COUNT, 1);
}

/* What preempt_enable and a generated image call when the count fell to 0: switches tasks if interrupts are
 * on. Keeps every register but the caller-saved ones. A spin lock calls it as well, and the scheduler takes
 * spin locks: the one place where a file calls up to one that stands on it (tools/circles). */
void preempt_schedule(void);

static inline notrace void preempt_enable(void)
{
	if (percpu_dec_is_zero(CPU_PREEMPT_COUNT))
		preempt_schedule();
}

/* Between the two the running task may be preempted and may sleep, but goes on on the CPU it is on. They
 * nest; an interrupt may use them too. A generated image does the same to TASK_MIGRATION_DISABLED. */
static inline notrace void migrate_disable(void)
{
	get_current()->migration_disabled++;
	compiler_barrier();
}
static inline notrace void migrate_enable(void)
{
	compiler_barrier();
	get_current()->migration_disabled--;
}

static inline notrace bool need_resched(void)
{
	return !(percpu_read(CPU_PREEMPT_COUNT) & PREEMPT_NO_RESCHED);
}

/* Whether this task could be switched away from here: preemption and interrupts are on. */
bool preemptible(void);

/* Panics unless preemptible. What may sleep begins with it, so that a caller that must not sleep is found at
 * once, and not only when it does sleep. */
void might_sleep(void);

/* MAY_SLEEP(func): func has a site and is only ever called where its caller may sleep, before it has set its
 * state to anything but TASK_RUNNING; so programs that sleep may be attached to it. */
#define MAY_SLEEP(func) \
	static const uptr may_sleep_##func __attribute__((used, section("may_sleep"))) = (uptr)func

/* Contexts, read from preempt_count. */
static inline notrace bool in_hardirq(void)
{
	return preempt_count() & 0x0f0000;
}
static inline notrace bool in_softirq(void)
{
	return preempt_count() & 0x00ff00;
}
static inline notrace bool in_nmi(void)
{
	return preempt_count() & 0xf00000;
}

/* For task.c, ap.c and timer.c. A new task's first run; this CPU's idle task, which does not return; the
 * tick; this CPU should choose again. bury is called with each task that has been switched away from for the
 * last time: the scheduler is below the file that knows how a task ends. */
void sched_init(void (*bury)(struct task_struct *p));
void sched_new(struct task_struct *p);
void sched_init_idle(struct task_struct *p, u32 cpu);
void sched_begin(void); /* what a new task must do first: ends the switch to it */
void sched_idle(void) noreturn;
void sched_tick(void);
void set_need_resched(void);
struct task_struct *sched_idle_task(u32 cpu);

/* What irq_exit calls with interrupts off and nothing that forbids a switch. notrace. */
void preempt_schedule_irq(void);

/* How many moments with preemption on that CPU has passed, as far as they were noted: after one, it runs
 * nothing that began before with preemption off. notrace. */
u64 sched_passed(u32 cpu);

/* Switches made on a CPU, and made because the task's turn was over. For people and tests. */
struct sched_stats {
	u64 switches, preemptions, migrations;
	u32 nr_running;
};
struct sched_stats sched_stats(u32 cpu);

/* A wait queue: tasks that sleep until something has happened. A task is in at most one. */
struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
};
#define WAIT_QUEUE_INIT(name) ((struct wait_queue_head){ .head = LIST_HEAD_INIT((name).head) })
void init_waitqueue_head(struct wait_queue_head *wq);
void prepare_to_wait(struct wait_queue_head *wq); /* queue current and mark it asleep ... */
void finish_wait(struct wait_queue_head *wq);     /* ... and back */
void wake_up(struct wait_queue_head *wq);         /* wakes all; any context but NMI */

/* The condition may be an attempt, like taking a lock: it is not evaluated again once it was true. */
#define wait_event(wq, condition)                    \
	do {                                         \
		might_sleep();                       \
		bool done_ = (condition);            \
		while (!done_) {                     \
			prepare_to_wait(&(wq));      \
			done_ = (condition);         \
			if (!done_)                  \
				schedule();          \
			finish_wait(&(wq));          \
			if (!done_)                  \
				done_ = (condition); \
		}                                    \
	} while (0)

/* A lock to sleep on; for long sections in task context. */
struct mutex {
	struct task_struct *owner;
	struct wait_queue_head wq;
};
#define MUTEX_INIT(name) ((struct mutex){ .wq.head = LIST_HEAD_INIT((name).wq.head) })
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
