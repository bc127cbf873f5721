// SPDX-License-Identifier: MIT
// Each CPU has its own tick and its own list of timers, sorted by expiry. They are few: a list is enough.
#include "kernel/sched/timer.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sched/lock.h"
#include "kernel/sched/long_run.h"
#include "kernel/sched/softirq.h"
#include "kernel/cpu/stall.h"
#include "kernel/trace/events.h"

struct timer_base {
	spinlock_t lock;
	struct list_head timers;
	struct timer_list *running;
	u32 ticks;
};

static struct timer_base bases[MAX_CPUS];
static u32 apic_per_tick;

void add_timer(struct timer_list *t)
{
	uptr flags = irq_save(); /* stay on this CPU */
	t->cpu = smp_processor_id();
	struct timer_base *base = &bases[t->cpu];
	spin_lock(&base->lock);
	struct list_head *before = &base->timers;
	while (before->prev != &base->timers &&
	       list_entry(before->prev, struct timer_list, entry)->expires > t->expires)
		before = before->prev;
	list_add_tail(&t->entry, before);
	spin_unlock(&base->lock);
	irq_restore(flags);
}

void del_timer(struct timer_list *t)
{
	struct timer_base *base = &bases[t->cpu];
	struct stall stall = { 0 };
	for (;;) {
		uptr flags = spin_lock_irqsave(&base->lock);
		bool elsewhere = base->running == t && t->cpu != smp_processor_id();
		if (!elsewhere)
			list_del_init(&t->entry);
		spin_unlock_irqrestore(&base->lock, flags);
		if (!elsewhere)
			return;
		cpu_pause();
		stall_check(&stall, 1u << t->cpu, "a timer's function has not returned");
	}
}

/* Takes the first timer that is due off the list. Returns NULL if none is. */
static struct timer_list *next_expired(struct timer_base *base)
{
	struct timer_list *t = NULL;
	uptr flags = spin_lock_irqsave(&base->lock);
	if (!list_empty(&base->timers))
		t = list_first_entry(&base->timers, struct timer_list, entry);
	if (t && t->expires > ktime_get_ns())
		t = NULL;
	if (t)
		list_del_init(&t->entry);
	base->running = t;
	spin_unlock_irqrestore(&base->lock, flags);
	return t;
}

static void run_timer_softirq(void)
{
	struct timer_base *base = &bases[smp_processor_id()];
	struct timer_list *t;
	while ((t = next_expired(base))) {
		trace_timer_expire_entry(t, ktime_get_ns());
		t->function(t); /* *t may be gone after this */
		trace_timer_expire_exit(t);
	}
}

static bool timer_interrupt(struct pt_regs *regs)
{
	struct timer_base *base = &bases[smp_processor_id()];
	stall_tick();
	long_run_tick(regs);
	trace_local_timer_entry(TIMER_VECTOR);
	if (!list_empty(&base->timers))
		raise_softirq(TIMER_SOFTIRQ);
	sched_tick();
	/* In QEMU with -icount one CPU runs at a time. A CPU that neither halts nor pauses may keep its turn
	 * for ever. So pause, but not at every tick: the others must get further than to their own tick. */
	if (base->ticks++ % 2)
		cpu_pause();
	trace_local_timer_exit(TIMER_VECTOR);
	return true;
}

void timer_init_cpu(void)
{
	apic_timer_start(apic_per_tick);
}

void timer_init(void)
{
	for (u32 i = 0; i < MAX_CPUS; i++)
		INIT_LIST_HEAD(&bases[i].timers);
	apic_per_tick = clock_init();
	open_softirq(TIMER_SOFTIRQ, run_timer_softirq);
	trap_set_handler(TIMER_VECTOR, timer_interrupt);
	timer_init_cpu();
}
