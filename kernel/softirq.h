/* SPDX-License-Identifier: MIT */
/* What surrounds an interrupt, and the work that one leaves for just after it. */
#pragma once
#include "kernel/sched.h"
#include "kernel/smp.h"
#include "kernel/trap.h"

/* preempt_count's parts, as on Linux x86 (kernel/smp.h). */
enum {
	PREEMPT_OFFSET = 0x1,
	SOFTIRQ_OFFSET = 0x100,
	BH_OFFSET = 0x200, /* local_bh_disable counts in steps of two, so that bit 8 says "serving" */
	HARDIRQ_OFFSET = 0x10000,
	NMI_OFFSET = 0x100000,
	PREEMPT_NO_RESCHED = (int)0x80000000, /* set: nobody wants this CPU to reschedule */
};

/* The trap dispatcher calls these around the handler of every vector from 32 up. irq_exit tells the
 * APIC that the interrupt has ended, runs softirqs, and switches tasks if that is due. notrace. */
void irq_enter(void);
void irq_exit(struct pt_regs *regs);

/* Around the handler of an NMI, which may come anywhere. */
static inline notrace void nmi_enter(void)
{
	__asm__ volatile("addl %1, %%gs:%c0" ::"i"(CPU_PREEMPT_COUNT), "i"(NMI_OFFSET) : "memory", "cc");
}
static inline notrace void nmi_exit(void)
{
	__asm__ volatile("subl %1, %%gs:%c0" ::"i"(CPU_PREEMPT_COUNT), "i"(NMI_OFFSET) : "memory", "cc");
}

/* Linux's numbers. */
enum { TIMER_SOFTIRQ = 1, NET_RX_SOFTIRQ = 3, SOFTIRQ_COUNT };

/* Gives a softirq its function; it runs with interrupts on and preemption off. */
void open_softirq(u32 nr, void (*action)(void));

/* Asks for a softirq on this CPU: it runs when the running interrupt ends, or at local_bh_enable,
 * or else in ksoftirqd. */
void raise_softirq(u32 nr);

/* No softirq runs on this CPU between the two. */
void local_bh_disable(void);
void local_bh_enable(void);

/* Creates ksoftirqd/N for every online CPU. */
void softirq_init(void);
