// SPDX-License-Identifier: MIT
// rcu_preempt. While functions are deferred, a timer wakes it every few ticks. It takes all of them as a
// batch, waits until every CPU has passed a moment with preemption on since then, and calls the batch.
#include "kernel/sched/rcu.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/stall.h"
#include "kernel/sched/timer.h"

enum { RCU_TICKS = 3, RCU_PRIO = 98 };

static struct wait_queue_head rcu_wait = WAIT_QUEUE_INIT(rcu_wait);
static struct task_struct *rcu_task;

/* Functions that no batch has yet, and whether the timer is set that wakes the thread. */
static spinlock_t lock;
static LIST_HEAD(incoming);
static bool timer_runs;
static struct timer_list timer;

/* The thread's own: the batch that it will call, and the CPUs' counts when it took the batch. */
static LIST_HEAD(batch);
static u64 batch_seen[MAX_CPUS];
static struct stall stall;

static u64 taken, called; /* batches since boot */

static u32 barriers; /* tasks in rcu_barrier; changed atomically */
static u32 flushing; /* rcu_flush has deferred a function itself, so that a round takes place */

static void note_counts(u64 seen[MAX_CPUS])
{
	for (u32 i = 0; i < cpu_count(); i++)
		seen[i] = sched_passed(i);
}

/* The CPUs, a bit each, that have passed no moment with preemption on since their counts were `seen`. */
static u32 laggards(const u64 seen[MAX_CPUS])
{
	u32 late = 0;
	for (u32 i = 0; i < cpu_count(); i++)
		late |= (u32)(sched_passed(i) == seen[i]) << i;
	return late;
}

static void check_stall(struct stall *s, u32 late)
{
	stall_check(s, late, "rcu: a CPU has not let preemption in");
}

/* Asks all CPUs to reschedule: each passes the moment as soon as its preemption is on, without a tick. */
void synchronize_rcu(void)
{
	u64 seen[MAX_CPUS];
	struct stall s = { 0 };
	u32 late;

	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* what the caller has unlinked is seen first */
	note_counts(seen);
	if (cpu_count() > 1)
		apic_send_others(RESCHED_VECTOR);
	yield();
	while ((late = laggards(seen))) {
		check_stall(&s, late);
		msleep(1);
	}
}
MAY_SLEEP(synchronize_rcu);

static traceable void rcu_timer(struct timer_list *t unused)
{
	write_once(timer_runs, false);
	wake_up_process(rcu_task);
}

/* Sets the timer, unless it is set already or the thread does not exist yet. The caller holds the lock. */
static void start_timer(void)
{
	if (timer_runs || !rcu_task)
		return;
	timer_runs = true;
	timer.expires = ktime_get_ns() + RCU_TICKS * NS_TICK;
	timer.function = rcu_timer;
	add_timer(&timer);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	head->func = func;
	uptr flags = spin_lock_irqsave(&lock);
	list_add_tail(&head->list, &incoming);
	start_timer();
	spin_unlock_irqrestore(&lock, flags);
}

/* Moves all functions that are deferred so far into the batch. */
static void take_batch(void)
{
	uptr flags = spin_lock_irqsave(&lock);
	while (!list_empty(&incoming)) {
		struct list_head *first = incoming.next;
		list_del_init(first);
		list_add_tail(first, &batch);
	}
	taken += !list_empty(&batch);
	spin_unlock_irqrestore(&lock, flags);
	note_counts(batch_seen);
}

/* Whether the batch may be called. A stall counts only while a task waits in rcu_barrier. */
static bool grace_period_is_over(void)
{
	u32 late = laggards(batch_seen);
	if (!late || !__atomic_load_n(&barriers, __ATOMIC_RELAXED))
		stall = (struct stall){ 0 };
	else
		check_stall(&stall, late);
	return !late;
}

static traceable void call_batch(void)
{
	while (!list_empty(&batch)) {
		struct rcu_head *head = list_first_entry(&batch, struct rcu_head, list);
		list_del_init(&head->list);
		head->func(head);
	}
	write_once(called, taken);
}

static void start_timer_if_more(void)
{
	uptr flags = spin_lock_irqsave(&lock);
	if (!list_empty(&batch) || !list_empty(&incoming))
		start_timer();
	spin_unlock_irqrestore(&lock, flags);
}

static noreturn int rcu_thread(void *arg unused)
{
	rcu_task = current;
	for (;;) {
		if (!list_empty(&batch) && grace_period_is_over())
			call_batch();
		if (list_empty(&batch))
			take_batch();
		write_once(current->__state, TASK_INTERRUPTIBLE);
		start_timer_if_more();
		schedule();
	}
}

static void end_barrier(struct rcu_head *head)
{
	head->func = NULL;
	wake_up(&rcu_wait);
}

void rcu_barrier(void)
{
	struct rcu_head head;
	__atomic_fetch_add(&barriers, 1, __ATOMIC_RELAXED);
	call_rcu(&head, end_barrier);
	wait_event(rcu_wait, !read_once(head.func));
	__atomic_fetch_sub(&barriers, 1, __ATOMIC_RELAXED);
}
MAY_SLEEP(rcu_barrier);

static void end_flush(struct rcu_head *head unused)
{
	write_once(flushing, 0);
}

bool rcu_flush(u32 ms)
{
	static struct rcu_head head;
	u64 end = ktime_get_ns() + ms * 1000000ull;
	if (!__atomic_exchange_n(&flushing, 1, __ATOMIC_SEQ_CST))
		call_rcu(&head, end_flush);
	uptr flags = spin_lock_irqsave(&lock);
	u64 last = taken + !list_empty(&incoming);
	spin_unlock_irqrestore(&lock, flags);
	while (read_once(called) < last && ktime_get_ns() < end)
		msleep(1);
	return read_once(called) >= last;
}
MAY_SLEEP(rcu_flush);

void rcu_init(void)
{
	struct task_struct *p = kthread_run(rcu_thread, NULL, -1, "rcu_preempt");
	if (!p)
		panic("rcu: no memory for rcu_preempt");
	sched_set_prio(p, RCU_PRIO);
}
