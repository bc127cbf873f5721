/* SPDX-License-Identifier: MIT */
/* The scheduler: one run queue per CPU, by priority, round robin within one; preemptive. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/sched/lock.h"
#include "kernel/sched/task.h"

/* Both switch to the task whose turn it is. schedule: a task that has set its state to sleep sleeps until it
 * is woken. yield: the task stays runnable, and waits for its next turn. Task context. */
void schedule(void);
void yield(void);

/* Makes a sleeping task runnable. Returns 1 if it was asleep, else 0; as on Linux. */
int wake_up_process(struct task_struct *p);

/* Sets p's priority (0 highest .. 139). It takes effect the next time p is queued. Tasks of a lower priority
 * run only while p sleeps. */
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

/* Switches tasks if interrupts are on. preempt_enable, a spin lock and a generated image call it when the
 * count has become 0. Preserves every register but the caller-saved ones. The scheduler takes spin locks, so
 * lock.c calls up here to a file that stands on it (tools/circles). */
void preempt_schedule(void);

static inline notrace void preempt_enable(void)
{
	if (percpu_dec_is_zero(CPU_PREEMPT_COUNT))
		preempt_schedule();
}

/* Between the two the running task stays on its CPU. It may be preempted and may sleep. They nest; an
 * interrupt may use them too. A generated image does the same with TASK_MIGRATION_DISABLED. */
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

/* Panics unless preemptible. A function that may sleep begins with it. So a caller that must not sleep is
 * found at once, and not only when the function does sleep. */
void might_sleep(void);

/* MAY_SLEEP(func) says that programs that sleep may be attached to func:
 *   - func has a site;
 *   - it is only called where its caller may sleep;
 *   - the caller's state is still TASK_RUNNING then. */
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

/* For task.c, ap.c and timer.c. bury is called with each dead task after the last switch away from it:
 * task.c, which knows how a task ends, stands above the scheduler. */
void sched_init(void (*bury)(struct task_struct *p));
void sched_new(struct task_struct *p); /* makes a new task runnable */
void sched_init_idle(struct task_struct *p, u32 cpu);
void sched_begin(void);         /* a new task calls it first: ends the switch to it */
void sched_idle(void) noreturn; /* the loop of this CPU's idle task */
void sched_tick(void);
void set_need_resched(void); /* this CPU should choose again */
struct task_struct *sched_idle_task(u32 cpu);

/* irq_exit calls it with interrupts off, where nothing forbids a switch. notrace. */
void preempt_schedule_irq(void);

/* How many moments with preemption on were noted on that CPU. When the number has grown, all that ran there
 * with preemption off before has ended. notrace. */
u64 sched_passed(u32 cpu);

/* Counts of a CPU, for people and tests: all switches, and those for which the task did not ask. */
struct sched_stats {
	u64 switches, preemptions, migrations;
	u32 nr_running;
};
struct sched_stats sched_stats(u32 cpu);

/* A wait queue: tasks that sleep until an event. A task is in at most one. */
struct wait_queue_head {
	spinlock_t lock;
	struct list_head head;
};
#define WAIT_QUEUE_INIT(name) ((struct wait_queue_head){ .head = LIST_HEAD_INIT((name).head) })
void init_waitqueue_head(struct wait_queue_head *wq);
void prepare_to_wait(struct wait_queue_head *wq); /* queue current and mark it asleep ... */
void finish_wait(struct wait_queue_head *wq);     /* ... and back */
void wake_up(struct wait_queue_head *wq);         /* wakes all; any context but NMI */

/* Sleeps until the condition is true. It may be an attempt, like taking a lock: once it is true, it is not
 * evaluated again. Task context. */
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

/* A lock whose waiters sleep, for long sections in task context. */
struct mutex {
	struct task_struct *owner;
	struct wait_queue_head wq;
};
#define MUTEX_INIT(name) ((struct mutex){ .wq.head = LIST_HEAD_INIT((name).wq.head) })
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
