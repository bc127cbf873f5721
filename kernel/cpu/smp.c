// SPDX-License-Identifier: MIT
// The CPUs and which of them run.
#include "kernel/cpu/smp.h"
#include "kernel/cpu/cpu.h"

struct cpu cpus[MAX_CPUS];

/* One bit a CPU. They start in the order of their numbers. */
static u32 online = 1;

notrace u32 cpu_count(void)
{
	return MAX_CPUS - (u32)__builtin_clz(__atomic_load_n(&online, __ATOMIC_ACQUIRE));
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
	this_cpu_set(&cpus[0]);
}

notrace void smp_set_online(void)
{
	__atomic_fetch_or(&online, 1u << smp_processor_id(), __ATOMIC_RELEASE);
}
