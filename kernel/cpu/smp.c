// SPDX-License-Identifier: MIT
// The CPUs and which of them run.
#include "kernel/cpu/smp.h"
#include "kernel/cpu/cpu.h"

struct cpu cpus[MAX_CPUS];

/* One bit a CPU. */
static u32 online = 1;
static u32 online_count = 1;

notrace u32 cpu_count(void)
{
	return read_once(online_count);
}

notrace u32 smp_others(void)
{
	return read_once(online) & ~(1u << smp_processor_id());
}

notrace void smp_init_cpu(u32 id, u32 apic_id, struct task_struct *idle)
{
	struct cpu *cpu = &cpus[id];
	cpu->self = cpu;
	cpu->id = id;
	cpu->apic_id = apic_id;
	cpu->current_task = idle;
	cpu->preempt_count = PREEMPT_NO_RESCHED;
}

notrace void smp_init_boot_cpu(struct task_struct *idle)
{
	smp_init_cpu(0, 0, idle);
	cpus[0].online = true;
	this_cpu_set(&cpus[0]);
}

notrace void smp_set_online(void)
{
	struct cpu *cpu = this_cpu();
	__atomic_fetch_or(&online, 1u << cpu->id, __ATOMIC_RELEASE);
	__atomic_fetch_add(&online_count, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE); /* last: the CPU that waits for it goes on */
}
