/* SPDX-License-Identifier: MIT */
/* What surrounds an interrupt, and softirqs: the work that an interrupt leaves for the moment after it. */
#pragma once
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/trap.h"

/* The trap dispatcher calls these around the handler of every vector from 32 up. irq_exit tells the
 * APIC that the interrupt has ended, runs softirqs, and switches tasks if that is due. notrace. */
void irq_enter(void);
void irq_exit(struct pt_regs *regs);

/* Around the handler of an NMI, which may come anywhere. */
static inline notrace void nmi_enter(void)
{
	percpu_add(CPU_PREEMPT_COUNT, NMI_OFFSET);
}
static inline notrace void nmi_exit(void)
{
	percpu_add(CPU_PREEMPT_COUNT, -NMI_OFFSET);
}

/* Linux's numbers. */
enum { TIMER_SOFTIRQ = 1, NET_RX_SOFTIRQ = 3, SOFTIRQ_COUNT };

/* Sets a softirq's function; it runs with interrupts on and preemption off. */
void open_softirq(u32 nr, void (*action)(void));

/* Asks for a softirq on this CPU. It runs when the running interrupt ends, at local_bh_enable, or else in
 * ksoftirqd. */
void raise_softirq(u32 nr);

/* No softirq runs on this CPU between the two. */
void local_bh_disable(void);
void local_bh_enable(void);

/* Creates ksoftirqd/N for every online CPU. */
void softirq_init(void);
