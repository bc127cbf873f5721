// SPDX-License-Identifier: MIT
// Around interrupts. Softirqs run when the outermost interrupt ends, with interrupts on. If they are raised
// again and again, ksoftirqd/N runs them, so that tasks get their share.
#include "kernel/sched/softirq.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/panic.h"
#include "kernel/trace/events.h"

enum { ROUNDS = 4, IN_INTERRUPT = 0x00ffff00 };

static void (*actions[SOFTIRQ_COUNT])(void);
static struct task_struct *ksoftirqd[MAX_CPUS];

void open_softirq(u32 nr, void (*action)(void))
{
	actions[nr] = action;
}

static void wakeup_softirqd(void)
{
	struct task_struct *p = ksoftirqd[smp_processor_id()];
	if (p)
		wake_up_process(p);
}

static traceable void run_softirqs(u32 pending)
{
	for (u32 nr = 0; nr < SOFTIRQ_COUNT; nr++) {
		if (!(pending & 1 << nr))
			continue;
		trace_softirq_entry(nr);
		actions[nr]();
		trace_softirq_exit(nr);
	}
}

/* Interrupts are off here and between rounds, on while the softirqs run. */
static traceable void __do_softirq(void)
{
	struct cpu *cpu = this_cpu();
	percpu_add(CPU_PREEMPT_COUNT, SOFTIRQ_OFFSET);
	for (u32 round = 0; cpu->softirq_pending && round < ROUNDS; round++) {
		u32 pending = cpu->softirq_pending;
		cpu->softirq_pending = 0;
		irqs_on();
		run_softirqs(pending);
		irqs_off();
	}
	if (cpu->softirq_pending)
		wakeup_softirqd();
	percpu_add(CPU_PREEMPT_COUNT, -SOFTIRQ_OFFSET);
}

static void do_softirq(void)
{
	uptr flags = irq_save();
	if (this_cpu()->softirq_pending)
		__do_softirq();
	irq_restore(flags);
}

void raise_softirq(u32 nr)
{
	uptr flags = irq_save();
	trace_softirq_raise(nr);
	this_cpu()->softirq_pending |= 1 << nr;
	if (!(preempt_count() & IN_INTERRUPT))
		wakeup_softirqd();
	irq_restore(flags);
}

void local_bh_disable(void)
{
	percpu_add(CPU_PREEMPT_COUNT, BH_OFFSET);
}

/* The softirqs run before preemption is allowed again: they belong to this CPU. */
void local_bh_enable(void)
{
	percpu_add(CPU_PREEMPT_COUNT, PREEMPT_OFFSET);
	percpu_add(CPU_PREEMPT_COUNT, -BH_OFFSET);
	if (!(preempt_count() & IN_INTERRUPT) && this_cpu()->softirq_pending)
		do_softirq();
	preempt_enable();
}

notrace void irq_enter(void)
{
	percpu_add(CPU_PREEMPT_COUNT, HARDIRQ_OFFSET);
}

notrace void irq_exit(struct pt_regs *regs)
{
	if (regs->orig_ax != SPURIOUS_VECTOR)
		apic_eoi();
	percpu_add(CPU_PREEMPT_COUNT, -HARDIRQ_OFFSET);
	if (preempt_count() & IN_INTERRUPT)
		return;
	if (this_cpu()->softirq_pending)
		__do_softirq();
	if (need_resched() && preempt_count() == 0)
		preempt_schedule_irq();
}

static noreturn int ksoftirqd_thread(void *arg unused)
{
	for (;;) {
		write_once(current->__state, TASK_INTERRUPTIBLE);
		if (!this_cpu()->softirq_pending)
			schedule();
		write_once(current->__state, TASK_RUNNING);
		do_softirq();
	}
}

void softirq_init(void)
{
	for (u32 i = 0; i < cpu_count(); i++) {
		ksoftirqd[i] = kthread_run(ksoftirqd_thread, NULL, i, "ksoftirqd/%u", i);
		if (!ksoftirqd[i])
			panic("softirq: no memory for ksoftirqd/%u", i);
	}
}
