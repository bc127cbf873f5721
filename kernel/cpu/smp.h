/* SPDX-License-Identifier: MIT */
/* The CPUs: what each one owns (struct cpu, at GS:0), and how one makes the others do something. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/types.h"
#include "kernel/cpu/percpu.h"

#define MAX_CPUS 32

/* preempt_count's parts, as on Linux x86. */
enum {
	PREEMPT_OFFSET = 0x1,
	SOFTIRQ_OFFSET = 0x100,
	BH_OFFSET = 0x200, /* local_bh_disable counts in steps of two, so that bit 8 says "serving" */
	HARDIRQ_OFFSET = 0x10000,
	NMI_OFFSET = 0x100000,
	PREEMPT_NO_RESCHED = (int)0x80000000, /* set: nobody wants this CPU to reschedule */
};

struct pt_regs;
struct task_struct;

struct cpu {
	struct cpu *self;                 /* so that one load from GS:0 gives the address */
	struct task_struct *current_task; /* the task this CPU runs */
	/* As on Linux x86: bits 0-7 preempt_disable depth, 8-15 softirq, 16-19 hardirq, 20-23 NMI;
	 * bit 31 CLEAR means "reschedule wanted", so that 0 means: preempt now. */
	u32 preempt_count;
	u32 id;              /* 0 .. cpu_count() - 1 */
	u32 apic_id;         /* as the MADT says */
	u32 softirq_pending; /* one bit per softirq, kernel/sched/softirq.h */
	bool online;
	uptr kernel_sp; /* in another CPU's call: how far down the interrupted stack goes */
	/* Of the probe whose program runs, for bpf_get_attach_cookie and bpf_get_func_ip: what attached it
	 * says, and the function whose entry or return is probed, 0 in a body. Who calls the program sets
	 * both, and puts back what was there. */
	u64 prog_cookie, prog_ip;
	/* One counter per loaded program, > 0 while the program runs on this CPU; the image tests it
	 * by GS-relative address, vm/ hands out the slots. */
	_Alignas(64) u32 active[CPU_ACTIVE_SLOTS];
	const struct pt_regs *stopped; /* where a panic has stopped it; NULL: it has not */
};

_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "layout.h");
_Static_assert(offsetof(struct cpu, current_task) == CPU_CURRENT, "layout.h");
_Static_assert(offsetof(struct cpu, preempt_count) == CPU_PREEMPT_COUNT, "layout.h");
_Static_assert(offsetof(struct cpu, id) == CPU_ID, "layout.h");
_Static_assert(offsetof(struct cpu, prog_cookie) == CPU_PROG_COOKIE, "layout.h");
_Static_assert(offsetof(struct cpu, prog_ip) == CPU_PROG_IP, "layout.h");
_Static_assert(offsetof(struct cpu, active) == CPU_ACTIVE, "layout.h");

extern struct cpu cpus[MAX_CPUS];

/* The CPU this runs on; stable only while preemption is off. */
static inline notrace struct cpu *this_cpu(void)
{
	return percpu_read_ptr(CPU_SELF);
}

static inline notrace u32 smp_processor_id(void)
{
	return percpu_read(CPU_ID);
}

/* How many CPUs are online: 1 .. MAX_CPUS. notrace. */
u32 cpu_count(void);

/* All but this one, a bit each. notrace. */
u32 smp_others(void);

/* The first thing of all: GS of the CPU that boots. notrace. */
void smp_init_boot_cpu(void);

/* Starts all CPUs that the MADT names; task context. smp_init: vectors, and this CPU's APIC id. */
struct acpi;
void smp_init(void);
void smp_start(const struct acpi *acpi);

/* Stops all other CPUs for ever, whatever they are doing, and waits until they stand, for a second at most.
 * For panic. notrace. */
void smp_stop_others(void);

/* Runs fn(arg) in interrupt context on every other online CPU and waits until all have returned.
 * Interrupts must be on and no lock held that an interrupted CPU could be spinning for. */
void smp_call_others(void (*fn)(void *arg), void *arg);

/* Returns when every online CPU, this one too, has executed a serialising instruction (SDM vol. 3,
 * "Handling Self- and Cross-Modifying Code"). notrace throughout: the patcher runs through it. */
void smp_sync_cores(void);

/* Runs fn(arg) here while every other CPU waits in its IPI handler, interrupts off, with its stack pointer
 * in cpu->kernel_sp: a still picture of the whole machine. fn must take no lock, and have no site, nor
 * anything that it calls: no CPU could report a program that does not end there. */
void smp_hold_others(void (*fn)(void *arg), void *arg);
