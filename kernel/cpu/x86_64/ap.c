// SPDX-License-Identifier: MIT
// Wakes the other CPUs one by one. Each begins in a copy of boot/ap.asm with this CPU's control registers.
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/trap.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/paging.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"

enum { EFER_LMA = 1 << 10, INIT_MS = 10, SIPI_MS = 10, START_MS = 5000 };

/* From boot/ap.asm. */
extern const u8 ap_page[], ap_page_begin[], ap_page_end[], ap_cr0[], ap_cr3[], ap_cr4[], ap_efer[];
/* boot/ap.asm reads these. */
uptr ap_stack;
struct cpu *ap_cpu;

/* boot/ap.asm calls it. It has no site: the CPU does not know yet which one it is. */
notrace noreturn void ap_main(struct cpu *cpu)
{
	this_cpu_set(cpu);
	trap_init_cpu();
	apic_init_cpu();
	timer_init_cpu();
	smp_set_online();
	sched_idle();
}

static void set_word(const u8 *word, uptr value)
{
	u32 value32 = (u32)value;
	memcpy((u8 *)phys_to_virt((uptr)ap_page) + (word - ap_page_begin), &value32, sizeof(value32));
}

static void prepare_page(void)
{
	memcpy(phys_to_virt((uptr)ap_page), ap_page_begin, ap_page_end - ap_page_begin);
	set_word(ap_cr0, read_cr0());
	set_word(ap_cr3, paging_root());
	set_word(ap_cr4, read_cr4());
	set_word(ap_efer, rdmsr(MSR_EFER) & ~(u64)EFER_LMA);
	paging_identity_map((uptr)ap_page);
}

static bool wait_online(u32 id, u32 ms)
{
	u64 end = ktime_get_ns() + ms * 1000000ull;
	while (cpu_count() <= id && ktime_get_ns() < end)
		cpu_pause();
	return cpu_count() > id;
}

/* Starts a CPU that INIT has reset. One start-up message should do; the second is for old CPUs. Returns false
 * if the CPU does not come, even after the long time that an emulated one may take on a busy host. It is then
 * reset again: if it came later, it would find neither page nor stack. */
static bool start_cpu(u32 id, u32 apic_id)
{
	struct task_struct *idle = task_create_idle(id);
	if (!idle)
		return false;
	smp_init_cpu(id, apic_id, idle);
	ap_stack = (uptr)idle->stack + STACK_SIZE;
	ap_cpu = &cpus[id];
	apic_send_startup(apic_id, (uptr)ap_page / PAGE_SIZE);
	if (wait_online(id, SIPI_MS))
		return true;
	apic_send_startup(apic_id, (uptr)ap_page / PAGE_SIZE);
	if (wait_online(id, START_MS))
		return true;
	apic_send_init(apic_id);
	return false;
}

void smp_start(const struct acpi *acpi)
{
	u32 self = cpus[0].apic_id;
	prepare_page();
	for (u32 i = 0; i < acpi->cpu_count; i++)
		if (acpi->apic_ids[i] != self)
			apic_send_init(acpi->apic_ids[i]);
	msleep(INIT_MS);
	for (u32 i = 0; i < acpi->cpu_count; i++)
		if (acpi->apic_ids[i] != self && !start_cpu(cpu_count(), acpi->apic_ids[i]))
			kprintf("smp: the CPU with APIC id %u does not start\n", acpi->apic_ids[i]);
	paging_identity_unmap((uptr)ap_page);
	if (acpi->cpus_left_out)
		kprintf("smp: %u more CPUs than this kernel can use\n", acpi->cpus_left_out);
}
