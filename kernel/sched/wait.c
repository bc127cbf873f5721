// SPDX-License-Identifier: MIT
// Ways to sleep: on wait queues, on mutexes, for a time.
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"

struct sleeper {
	struct timer_list timer;
	struct task_struct *task;
};

void init_waitqueue_head(struct wait_queue_head *wq)
{
	wq->lock.locked = 0;
	INIT_LIST_HEAD(&wq->head);
}

void prepare_to_wait(struct wait_queue_head *wq)
{
	struct task_struct *p = current;
	uptr flags = spin_lock_irqsave(&wq->lock);
	if (list_empty(&p->wait_entry))
		list_add_tail(&p->wait_entry, &wq->head);
	write_once(p->__state, TASK_UNINTERRUPTIBLE);
	spin_unlock_irqrestore(&wq->lock, flags);
	/* Other CPUs must see the new state before this CPU reads the condition; a CPU may load early. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Takes the lock even if wake_up has emptied the queue: wake_up may still be using this task. */
void finish_wait(struct wait_queue_head *wq)
{
	struct task_struct *p = current;
	write_once(p->__state, TASK_RUNNING);
	uptr flags = spin_lock_irqsave(&wq->lock);
	list_del_init(&p->wait_entry);
	spin_unlock_irqrestore(&wq->lock, flags);
}

/* ORDER LOCKS: wake_up_process takes the lock of a CPU's queue under this one. */
void wake_up(struct wait_queue_head *wq)
{
	struct task_struct *p, *n;
	uptr flags = spin_lock_irqsave(&wq->lock);
	list_for_each_entry_safe(p, n, &wq->head, wait_entry) {
		list_del_init(&p->wait_entry);
		wake_up_process(p);
	}
	spin_unlock_irqrestore(&wq->lock, flags);
}

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	init_waitqueue_head(&m->wq);
}

static bool mutex_trylock(struct mutex *m)
{
	struct task_struct *none = NULL;
	return __atomic_compare_exchange_n(&m->owner, &none, current, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

void mutex_lock(struct mutex *m)
{
	assert(read_once(m->owner) != current);
	wait_event(m->wq, mutex_trylock(m));
}
MAY_SLEEP(mutex_lock);

void mutex_unlock(struct mutex *m)
{
	assert(m->owner == current);
	__atomic_store_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
	wake_up(&m->wq);
}

static void end_sleep(struct timer_list *t)
{
	wake_up_process(container_of(t, struct sleeper, timer)->task);
}

void msleep(u32 ms)
{
	struct sleeper s = {
		.timer = { .expires = ktime_get_ns() + ms * 1000000ull, .function = end_sleep },
		.task = current,
	};
	write_once(s.task->__state, TASK_UNINTERRUPTIBLE);
	add_timer(&s.timer);
	schedule();
	del_timer(&s.timer);
}
MAY_SLEEP(msleep);
