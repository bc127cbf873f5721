// SPDX-License-Identifier: MIT
// The scheduler. Each CPU has a queue of the tasks that could run there, sorted by priority; the running task
// is not in it. A task p belongs to the queue of CPU p->cpu whether it runs, waits for its turn or sleeps.
// That queue's lock guards p's state. The lock is held across a switch, and the task switched to releases it.
// So a CPU that holds the lock and finds a task neither running nor queued knows that its stack is at rest.
//
// ORDER LOCKS: a wait queue's, a timer list's or any other lock comes before a queue's. No CPU holds the
// locks of two queues at once. So a task that moves is in no queue for a moment; a CPU that would wake it
// still sees it as queued or running.
#include "kernel/sched/sched.h"
#include "kernel/lib/inject.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/softirq.h"
#include "kernel/sched/timer.h"
#include "kernel/trace/events.h"

enum { TURN_TICKS = 5 };

struct rq {
	spinlock_t lock;
	struct list_head queue;
	u32 nr_running; /* queued ones, and the running one if it is not the idle task */
	struct task_struct *curr, *idle;
	struct task_struct *prev; /* during a switch */
	struct sched_stats stats;
};

static struct rq rqs[MAX_CPUS];
static u64 quiescent[MAX_CPUS]; /* each written by its CPU only */
static void (*bury)(struct task_struct *p);

void context_switch(uptr *save_sp, uptr load_sp);

static struct rq *this_rq(void)
{
	return &rqs[smp_processor_id()];
}

notrace void set_need_resched(void)
{
	percpu_and(CPU_PREEMPT_COUNT, ~PREEMPT_NO_RESCHED);
}

static void clear_need_resched(void)
{
	percpu_or(CPU_PREEMPT_COUNT, PREEMPT_NO_RESCHED);
}

/* Atomic, though no other CPU writes it: all that this CPU reads from now on, it reads after the others can
 * see the count. A plain store could become visible later. Then a reader that finds a thing just before it is
 * unlinked would already count as gone. */
static void note_quiescent(void)
{
	__atomic_fetch_add(&quiescent[smp_processor_id()], 1, __ATOMIC_SEQ_CST);
}

notrace u64 sched_passed(u32 cpu)
{
	return __atomic_load_n(&quiescent[cpu], __ATOMIC_ACQUIRE);
}

/* Locks the queue that p belongs to. Until it is locked, p may move to another one. */
static struct rq *lock_rq_of(struct task_struct *p, uptr *flags)
{
	for (;;) {
		struct rq *rq = &rqs[read_once(p->cpu)];
		*flags = spin_lock_irqsave(&rq->lock);
		if (rq == &rqs[p->cpu])
			return rq;
		spin_unlock_irqrestore(&rq->lock, *flags);
	}
}

/* Among tasks of equal priority, one whose turn is not over goes to the front, any other to the end. */
static void queue_insert(struct rq *rq, struct task_struct *p)
{
	bool goes_on = p->time_slice > 0;
	struct list_head *after = rq->queue.prev;
	for (; after != &rq->queue; after = after->prev) {
		int prio = list_entry(after, struct task_struct, run_list)->prio;
		if (prio < p->prio || (prio == p->prio && !goes_on))
			break;
	}
	if (!goes_on)
		p->time_slice = TURN_TICKS;
	list_add(&p->run_list, after);
}

/* Makes the CPU of rq reschedule if p, which is now in its queue, should run first. */
static void check_preempt(struct rq *rq, u32 cpu, struct task_struct *p)
{
	if (rq->curr != rq->idle && rq->curr->prio <= p->prio)
		return;
	if (cpu == smp_processor_id())
		set_need_resched();
	else
		apic_send(cpus[cpu].apic_id, RESCHED_VECTOR);
}

/* Puts p into the queue of a CPU. p is in no queue and does not run. */
static void enqueue_task(struct task_struct *p, u32 cpu)
{
	struct rq *rq = &rqs[cpu];
	uptr flags = spin_lock_irqsave(&rq->lock);
	p->time_slice = 0;
	queue_insert(rq, p);
	p->on_rq = 1;
	rq->nr_running++;
	check_preempt(rq, cpu, p);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* p does not run, and the caller holds the lock of its queue: so it sees what p has set. */
static bool may_migrate(const struct task_struct *p)
{
	return p->nr_cpus_allowed > 1 && !p->migration_disabled;
}

/* The CPU on which a task that wakes should run: its last one if that is idle, else any idle one, else the
 * one with the fewest tasks. */
static u32 select_task_rq(struct task_struct *p)
{
	u32 best = p->cpu, count = cpu_count();
	if (!may_migrate(p))
		return best;
	for (u32 i = 0; i < count && read_once(rqs[best].nr_running); i++)
		if (read_once(rqs[i].nr_running) < read_once(rqs[best].nr_running))
			best = i;
	return best;
}

static void set_task_cpu(struct task_struct *p, u32 cpu)
{
	if (p->cpu != cpu)
		trace_sched_migrate_task(p, (int)cpu);
	write_once(p->cpu, cpu);
}

/* Linux's function of the same name and meaning. Not inlined and traceable: most programs trace it. */
traceable int wake_up_process(struct task_struct *p)
{
	uptr flags;
	preempt_disable(); /* no other CPU finds a task that moves */
	struct rq *rq = lock_rq_of(p, &flags);
	bool was_asleep = p->__state & (TASK_INTERRUPTIBLE | TASK_UNINTERRUPTIBLE);
	/* A task that has not reached schedule() yet, or was preempted before it, just goes on running. */
	bool moves = was_asleep && !p->on_rq;
	u32 cpu = p->cpu;

	if (was_asleep) {
		trace_sched_waking(p);
		write_once(p->__state, TASK_RUNNING);
	}
	if (moves) {
		cpu = select_task_rq(p);
		rq->stats.migrations += cpu != p->cpu;
		set_task_cpu(p, cpu);
	}
	/* Before p can run: a program that measures the time until p's switch relies on it. */
	if (was_asleep)
		trace_sched_wakeup(p);
	spin_unlock_irqrestore(&rq->lock, flags);
	if (moves)
		enqueue_task(p, cpu);
	preempt_enable();
	return was_asleep;
}
ALLOW_ERROR_INJECTION(wake_up_process, TRUE);

void sched_new(struct task_struct *p)
{
	p->__state = TASK_RUNNING;
	p->cpu = select_task_rq(p);
	trace_sched_wakeup_new(p);
	enqueue_task(p, p->cpu);
}

void sched_set_prio(struct task_struct *p, int prio)
{
	write_once(p->prio, prio);
}

/* The second half of a switch, in the task that was switched to. */
static void finish_task_switch(void)
{
	struct rq *rq = this_rq();
	struct task_struct *prev = rq->prev;
	bool is_dead = prev->__state == TASK_DEAD && !prev->on_rq; /* and not just preempted on its way */
	write_once(prev->on_cpu, 0);
	__atomic_store_n(&rq->lock.locked, 0, __ATOMIC_RELEASE);
	if (is_dead)
		bury(prev);
}

void sched_begin(void)
{
	finish_task_switch();
	irqs_on();
	preempt_enable();
}

/* Takes the running task off its CPU. If it could go on running, it is queued for its next turn. */
static void put_prev_task(struct rq *rq, struct task_struct *prev, bool preempted)
{
	if (prev == rq->idle)
		return;
	if (prev->__state == TASK_RUNNING || preempted) {
		queue_insert(rq, prev);
		return;
	}
	prev->on_rq = 0;
	rq->nr_running--;
}

static struct task_struct *pick_next_task(struct rq *rq)
{
	if (list_empty(&rq->queue))
		return rq->idle;
	struct task_struct *next = list_first_entry(&rq->queue, struct task_struct, run_list);
	list_del_init(&next->run_list);
	return next;
}

/* preempt_count and current belong to the task; only bit 31, "reschedule wanted", belongs to the CPU.
 * Interrupts are off. */
static traceable void switch_to(struct rq *rq, struct task_struct *prev, struct task_struct *next)
{
	struct cpu *cpu = this_cpu();
	rq->prev = prev;
	rq->curr = next;
	rq->stats.switches++;
	next->on_cpu = 1;
	prev->preempt_count = preempt_count();
	cpu->preempt_count = next->preempt_count | PREEMPT_NO_RESCHED;
	cpu->current_task = next;
	context_switch(&prev->sp, next->sp);
	finish_task_switch();
}

/* preempted: the task did not ask for the switch, so it stays runnable, whatever its state is. Called with
 * preemption off, so that a program attached to a function in here does not switch tasks itself. */
static traceable void __schedule(bool preempted)
{
	uptr flags = irq_save();
	struct rq *rq = this_rq();
	struct task_struct *prev = rq->curr;

	/* Not spin_lock: the lock changes hands in the middle, and preemption is off already. */
	spin_acquire(&rq->lock);
	put_prev_task(rq, prev, preempted);
	struct task_struct *next = pick_next_task(rq);
	clear_need_resched();
	note_quiescent();
	if (next != prev) {
		*(preempted ? &prev->nivcsw : &prev->nvcsw) += 1;
		rq->stats.preemptions += preempted;
		trace_sched_switch(preempted, prev, next, prev->__state);
		switch_to(rq, prev, next);
	} else {
		__atomic_store_n(&rq->lock.locked, 0, __ATOMIC_RELEASE);
	}
	irq_restore(flags);
}

notrace bool preemptible(void)
{
	return preempt_count() == 0 && !irqs_are_off();
}

notrace void might_sleep(void)
{
	if (!preemptible())
		panic("sched: no task may sleep here: preempt_count is 0x%x, interrupts are %s",
		      preempt_count(), irqs_are_off() ? "off" : "on");
}

traceable void schedule(void)
{
	might_sleep();
	preempt_disable();
	__schedule(false);
	preempt_enable();
}

/* Like preempt_enable, but never preempts. */
static inline notrace void preempt_enable_no_resched(void)
{
	percpu_add(CPU_PREEMPT_COUNT, -1u);
}

notrace void preempt_schedule_irq(void)
{
	do {
		preempt_disable();
		__schedule(true);
		preempt_enable_no_resched();
	} while (need_resched());
}

notrace void preempt_schedule(void)
{
	if (preemptible())
		preempt_schedule_irq();
}

void yield(void)
{
	get_current()->time_slice = 0;
	preempt_disable();
	__schedule(true);
	preempt_enable();
}

void sched_tick(void)
{
	struct rq *rq = this_rq();
	struct task_struct *p = rq->curr;
	if (preempt_count() == HARDIRQ_OFFSET)
		note_quiescent();
	if (p == rq->idle || --p->time_slice > 0)
		return;
	if (!list_empty(&rq->queue))
		set_need_resched();
}

/* Takes a task that may move out of another CPU's queue, and makes it this CPU's. It may have been preempted
 * before it slept: on_rq stays set, so that a waker does not queue it a second time. */
static struct task_struct *detach_task(struct rq *rq, u32 here)
{
	struct task_struct *p, *found = NULL;
	uptr flags = spin_lock_irqsave(&rq->lock);
	list_for_each_entry(p, &rq->queue, run_list)
		if (may_migrate(p) && !found)
			found = p;
	if (found) {
		list_del_init(&found->run_list);
		set_task_cpu(found, here);
		rq->nr_running--;
		rq->stats.migrations++;
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return found;
}

/* Takes over a task that waits on another CPU. Returns false if there is none. For an idle CPU. */
static bool pull_task(void)
{
	struct task_struct *p = NULL;
	u32 count = cpu_count();
	preempt_disable(); /* no other CPU finds the task in between */
	u32 here = smp_processor_id();
	for (u32 i = 1; i < count && !p; i++) {
		struct rq *rq = &rqs[(here + i) % count];
		if (read_once(rq->nr_running) > 1)
			p = detach_task(rq, here);
	}
	if (p)
		enqueue_task(p, here);
	preempt_enable();
	return p;
}

void sched_idle(void)
{
	for (;;) {
		/* A wake-up between the test and the halt must end the halt. */
		irqs_off();
		if (!need_resched() && !this_rq()->nr_running)
			cpu_idle();
		irqs_on();
		if (need_resched() || pull_task())
			schedule();
	}
}

notrace struct task_struct *sched_idle_task(u32 cpu)
{
	return rqs[cpu].idle;
}

struct sched_stats sched_stats(u32 cpu)
{
	struct sched_stats stats = rqs[cpu].stats;
	stats.nr_running = rqs[cpu].nr_running;
	return stats;
}

void sched_init_idle(struct task_struct *p, u32 cpu)
{
	rqs[cpu].idle = rqs[cpu].curr = p;
	p->on_cpu = p->on_rq = 1;
}

static bool resched_interrupt(struct pt_regs *regs unused)
{
	set_need_resched();
	return true;
}

void sched_init(void (*bury_task)(struct task_struct *p))
{
	bury = bury_task;
	for (u32 i = 0; i < MAX_CPUS; i++)
		INIT_LIST_HEAD(&rqs[i].queue);
	trap_set_handler(RESCHED_VECTOR, resched_interrupt);
}
