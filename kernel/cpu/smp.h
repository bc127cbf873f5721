/* SPDX-License-Identifier: MIT */
/* The CPUs: what each one owns, and which of them run. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/types.h"
#include "kernel/cpu/this_cpu.h"

#define MAX_CPUS 32

/* preempt_count's parts, as on Linux x86. */
enum {
	PREEMPT_OFFSET = 0x1,
	SOFTIRQ_OFFSET = 0x100,
	BH_OFFSET = 0x200, /* local_bh_disable counts in steps of two, so that bit 8 says "serving" */
	HARDIRQ_OFFSET = 0x10000,
	NMI_OFFSET = 0x100000,
	PREEMPT_NO_RESCHED = (int)0x80000000, /* set: no reschedule is wanted */
};

struct pt_regs;
struct task_struct;

struct cpu {
	struct cpu *self;                 /* so that one load finds the address */
	struct task_struct *current_task; /* the task this CPU runs */
	/* As on Linux x86: bits 0-7 preempt_disable depth, 8-15 softirq, 16-19 hardirq, 20-23 NMI;
	 * bit 31 CLEAR means "reschedule wanted", so that 0 means: preempt now. */
	u32 preempt_count;
	u32 id;              /* 0 .. cpu_count() - 1 */
	u32 apic_id;         /* as the MADT says */
	u32 softirq_pending; /* one bit per softirq, kernel/sched/softirq.h */
	uptr kernel_sp;      /* during another CPU's call: where the interrupted stack ends */
	/* For bpf_get_attach_cookie and bpf_get_func_ip, of the probe whose program runs: the cookie with
	 * which it was attached, and the function whose entry or return it probes (0: it probes the body).
	 * The caller of the program sets both, and restores them afterwards. */
	u64 prog_cookie, prog_ip;
	/* One counter per loaded program, > 0 while the program runs on this CPU. The image that calls the
	 * program tests and changes it. vm/ hands out the slots. */
	_Alignas(64) u32 active[CPU_ACTIVE_SLOTS];
	const struct pt_regs *stopped; /* where a panic has stopped this CPU; NULL: it runs */
};

/* ORDER CPU */
_Static_assert(offsetof(struct cpu, self) == CPU_SELF, "layout.h");
_Static_assert(offsetof(struct cpu, current_task) == CPU_CURRENT, "layout.h");
_Static_assert(offsetof(struct cpu, preempt_count) == CPU_PREEMPT_COUNT, "layout.h");
_Static_assert(offsetof(struct cpu, id) == CPU_ID, "layout.h");
_Static_assert(offsetof(struct cpu, prog_cookie) == CPU_PROG_COOKIE, "layout.h");
_Static_assert(offsetof(struct cpu, prog_ip) == CPU_PROG_IP, "layout.h");
_Static_assert(offsetof(struct cpu, active) == CPU_ACTIVE, "layout.h");

extern struct cpu cpus[MAX_CPUS];

/* The CPU that runs this; stable only while preemption is off. */
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

/* The online CPUs but this one, a bit each. notrace. */
u32 smp_others(void);

/* Makes this CPU the first one, cpus[0], with its idle task. Before all else. notrace. */
void smp_init_boot_cpu(struct task_struct *idle);

/* Starts all CPUs that the MADT names (kernel/cpu/x86_64/ap.c). Task context. */
struct acpi;
void smp_start(const struct acpi *acpi);

/* For ap.c. smp_init_cpu sets what a CPU must know before it starts: its number, its APIC id and its idle
 * task. smp_set_online says that this CPU has started. notrace. */
void smp_init_cpu(u32 id, u32 apic_id, struct task_struct *idle);
void smp_set_online(void);
