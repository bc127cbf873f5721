// SPDX-License-Identifier: MIT
// One kworker and one list of work for each CPU.
#include "kernel/sched/work.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/trace/events.h"

struct worker {
	spinlock_t lock;
	struct list_head works;
	struct work *running;
	struct wait_queue_head done; /* for flush_work */
	struct task_struct *task;
};

static struct worker workers[MAX_CPUS];

void init_work(struct work *work, work_func_t fn)
{
	*work = (struct work){ .fn = fn };
	INIT_LIST_HEAD(&work->list);
}

bool schedule_work(struct work *work)
{
	if (__atomic_exchange_n(&work->pending, true, __ATOMIC_ACQUIRE))
		return false;
	preempt_disable();
	work->cpu = smp_processor_id();
	struct worker *w = &workers[work->cpu];
	uptr flags = spin_lock_irqsave(&w->lock);
	list_add_tail(&work->list, &w->works);
	spin_unlock_irqrestore(&w->lock, flags);
	wake_up_process(w->task);
	preempt_enable();
	return true;
}

static struct work *take_work(struct worker *w)
{
	struct work *work = NULL;
	uptr flags = spin_lock_irqsave(&w->lock);
	if (!list_empty(&w->works)) {
		work = list_first_entry(&w->works, struct work, list);
		list_del_init(&work->list);
	}
	w->running = work;
	if (work)
		__atomic_store_n(&work->pending, false, __ATOMIC_RELEASE); /* may be scheduled again */
	spin_unlock_irqrestore(&w->lock, flags);
	return work;
}

static traceable void process_one_work(struct worker *w, struct work *work)
{
	work_func_t fn = work->fn;
	trace_workqueue_execute_start(work);
	fn(work); /* *work may be gone after this */
	trace_workqueue_execute_end(work, fn);
	write_once(w->running, NULL);
	wake_up(&w->done);
}
MAY_SLEEP(process_one_work);

static noreturn int worker_thread(void *arg)
{
	struct worker *w = arg;
	for (;;) {
		write_once(current->__state, TASK_INTERRUPTIBLE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		struct work *work = take_work(w);
		if (!work)
			schedule();
		write_once(current->__state, TASK_RUNNING);
		if (work)
			process_one_work(w, work);
	}
}

static bool is_done(struct worker *w, struct work *work)
{
	uptr flags = spin_lock_irqsave(&w->lock);
	bool done = !work->pending && w->running != work;
	spin_unlock_irqrestore(&w->lock, flags);
	return done;
}

void flush_work(struct work *work)
{
	struct worker *w = &workers[read_once(work->cpu)];
	wait_event(w->done, is_done(w, work));
}
MAY_SLEEP(flush_work);

void work_init(void)
{
	for (u32 i = 0; i < cpu_count(); i++) {
		struct worker *w = &workers[i];
		INIT_LIST_HEAD(&w->works);
		init_waitqueue_head(&w->done);
		w->task = kthread_run(worker_thread, w, i, "kworker/%u:1", i);
		if (!w->task)
			panic("work: no memory for kworker/%u:1", i);
	}
}
