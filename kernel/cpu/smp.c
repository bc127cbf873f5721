// SPDX-License-Identifier: MIT
// The CPUs: their start, and the ways in which one interrupts the others. Two locks, each taken with
// interrupts on, so that who waits for one still answers: call_lock for calls, sync_lock for syncs. A
// sync may be asked for while a call is under way, never the other way round.
#include "kernel/cpu/smp.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/softirq.h"
#include "kernel/cpu/stall.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"

enum { EFER_LMA = 1 << 10, INIT_MS = 10, SIPI_MS = 10, START_MS = 5000, SPINS = 100 };
#define STOP_NS 1000000000ull

struct cpu cpus[MAX_CPUS];

/* One bit a CPU. */
static u32 online;
static u32 online_count = 1;

/* What one CPU has asked the others for. */
struct round {
	u32 waits;  /* who has yet to answer */
	u32 sleeps; /* the asker is to be woken by the last one */
	u32 asker;  /* its APIC id */
};

static spinlock_t call_lock;
static struct round call;
static void (*call_fn)(void *arg);
static void *call_arg;

/* smp_hold_others: who has yet to come to a halt, whether they may go on, whether to wake them for it. */
static struct round hold;
static u32 released, held_sleep;

static u32 sync_lock;
static struct round sync;

static bool stopping;

/* boot/ap.asm's */
extern const u8 ap_page[], ap_page_begin[], ap_page_end[], ap_cr0[], ap_cr3[], ap_cr4[], ap_efer[];
/* ... and what it reads. */
uptr ap_stack;
struct cpu *ap_cpu;

notrace u32 cpu_count(void)
{
	return read_once(online_count);
}

static inline notrace u32 this_bit(void)
{
	return 1u << smp_processor_id();
}

notrace u32 smp_others(void)
{
	return read_once(online) & ~this_bit();
}

/* Names those who are to answer; the request itself must stand already. */
static notrace void begin_round(struct round *r)
{
	r->asker = this_cpu()->apic_id;
	__atomic_store_n(&r->waits, smp_others(), __ATOMIC_SEQ_CST);
}

/* Looking for one's bit before doing what it stands for: a late interrupt of an earlier round must not
 * answer for this one. */
static notrace bool is_asked(const struct round *r)
{
	return __atomic_load_n(&r->waits, __ATOMIC_ACQUIRE) & this_bit();
}

static notrace void answer(struct round *r)
{
	u32 left = __atomic_and_fetch(&r->waits, ~this_bit(), __ATOMIC_SEQ_CST);
	if (!left && __atomic_load_n(&r->sleeps, __ATOMIC_SEQ_CST))
		apic_send(r->asker, WAKE_VECTOR);
}

/* Sleeps unless *word is `done` already; whoever makes it so sees *sleeps and sends WAKE_VECTOR. Other
 * interrupts end the sleep as well. */
static notrace void sleep_until(const u32 *word, bool done, u32 *sleeps)
{
	__atomic_store_n(sleeps, 1, __ATOMIC_SEQ_CST);
	irqs_off();
	if (!!__atomic_load_n(word, __ATOMIC_SEQ_CST) != done)
		cpu_idle();
	irqs_off();
}

/* An answer takes a microsecond or two. If it takes much longer then this is an emulator with fewer CPUs
 * than we see, and whom we wait for does not run while we spin. (Four CPUs on a busy host with two: holding
 * the others took 2 to 5 ms by spinning alone, and takes 0.2 to 0.9 ms; a sync is about as long either way.) */
static notrace void wait_for(struct round *r, const char *what)
{
	bool may_sleep = !irqs_are_off();
	struct stall stall = { 0 };
	u32 left;
	for (u32 spins = 0; (left = __atomic_load_n(&r->waits, __ATOMIC_ACQUIRE)); spins++) {
		stall_check(&stall, left, what);
		if (!may_sleep || spins < SPINS) {
			cpu_pause();
			continue;
		}
		sleep_until(&r->waits, false, &r->sleeps);
		irqs_on();
	}
	write_once(r->sleeps, 0);
}

static bool call_interrupt(struct pt_regs *regs)
{
	if (!is_asked(&call))
		return true;
	this_cpu()->kernel_sp = (uptr)regs;
	call_fn(call_arg);
	answer(&call);
	return true;
}

/* Two CPUs that call at once take turns. Preemption stays off until unlock_calls. */
static void lock_calls(void)
{
	if (irqs_are_off() && this_cpu()->online) /* before it is, nobody waits for this one */
		panic("smp: a call to other CPUs with interrupts off could wait for ever");
	spin_lock(&call_lock);
}

static void begin_call(void (*fn)(void *arg), void *arg)
{
	call_fn = fn;
	call_arg = arg;
	begin_round(&call);
	if (smp_others())
		apic_send_others(CALL_VECTOR);
}

void smp_call_others(void (*fn)(void *arg), void *arg)
{
	lock_calls();
	begin_call(fn, arg);
	wait_for(&call, "a call has not been answered");
	spin_unlock(&call_lock);
}

/* In the handler of CALL_VECTOR, so that WAKE_VECTOR alone comes through while interrupts are on. */
static void hold_here(void *arg unused)
{
	answer(&hold);
	for (u32 spins = 0; !__atomic_load_n(&released, __ATOMIC_ACQUIRE); spins++) {
		if (spins < SPINS)
			cpu_pause();
		else
			sleep_until(&released, true, &held_sleep);
	}
}

static void release_held(void)
{
	__atomic_store_n(&released, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&held_sleep, __ATOMIC_SEQ_CST))
		apic_send_others(WAKE_VECTOR);
	wait_for(&call, "a CPU that was held has not gone on");
	held_sleep = released = 0;
}

void smp_hold_others(void (*fn)(void *arg), void *arg)
{
	lock_calls();
	begin_round(&hold);
	begin_call(hold_here, NULL);
	wait_for(&hold, "a CPU has not come to a halt");
	irqs_off();
	fn(arg);
	irqs_on();
	release_held();
	spin_unlock(&call_lock);
}

static notrace void serialize(void)
{
	u32 out[4];
	cpuid(0, 0, out);
}

static notrace bool sync_interrupt(struct pt_regs *regs unused)
{
	if (is_asked(&sync)) {
		serialize();
		answer(&sync);
	}
	return true;
}

notrace void smp_sync_cores(void)
{
	preempt_disable();
	while (__atomic_exchange_n(&sync_lock, 1, __ATOMIC_ACQUIRE))
		cpu_pause();
	begin_round(&sync);
	if (smp_others())
		apic_send_others(SYNC_VECTOR);
	serialize();
	wait_for(&sync, "a sync has not been answered");
	__atomic_store_n(&sync_lock, 0, __ATOMIC_RELEASE);
	preempt_enable();
}

static notrace bool wake_interrupt(struct pt_regs *regs unused)
{
	return true; /* the halt is over: that is all */
}

static notrace bool nmi(struct pt_regs *regs)
{
	if (read_once(stopping)) {
		__atomic_store_n(&this_cpu()->stopped, regs, __ATOMIC_RELEASE);
		cpu_stop();
	}
	stall_seen();
	return true;
}

static notrace bool all_stand(u32 which)
{
	for (u32 i = 0; i < MAX_CPUS; i++)
		if (which & 1u << i && !__atomic_load_n(&cpus[i].stopped, __ATOMIC_ACQUIRE))
			return false;
	return true;
}

notrace void smp_stop_others(void)
{
	u64 end = ktime_get_ns() + STOP_NS;
	if (read_once(online) == 0 || smp_others() == 0)
		return;
	write_once(stopping, true);
	apic_send_nmi_others();
	while (!all_stand(smp_others()) && ktime_get_ns() < end)
		cpu_pause();
}

/* Where boot/ap.asm leads a CPU. No site, because GS is not there yet. */
notrace noreturn void ap_main(struct cpu *cpu)
{
	wrmsr(MSR_GS_BASE, (uptr)cpu);
	trap_init_cpu();
	apic_init_cpu();
	timer_init_cpu();
	__atomic_fetch_or(&online, this_bit(), __ATOMIC_RELEASE);
	__atomic_fetch_add(&online_count, 1, __ATOMIC_RELEASE);
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE); /* last: start_cpu goes on to the next CPU */
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

static notrace void init_cpu(struct cpu *cpu, u32 id, u32 apic_id, struct task_struct *idle)
{
	cpu->self = cpu;
	cpu->id = id;
	cpu->apic_id = apic_id;
	cpu->current_task = idle;
	cpu->preempt_count = PREEMPT_NO_RESCHED;
}

static bool wait_online(struct cpu *cpu, u32 ms)
{
	u64 end = ktime_get_ns() + ms * 1000000ull;
	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE) && ktime_get_ns() < end)
		cpu_pause();
	return cpu->online;
}

/* It has been reset by INIT. One start-up message should do; the second is for old CPUs. On a busy host an
 * emulated CPU may take its time, and one that came after all would find neither page nor stack. */
static bool start_cpu(u32 id, u32 apic_id)
{
	struct task_struct *idle = task_create_idle(id);
	if (!idle)
		return false;
	init_cpu(&cpus[id], id, apic_id, idle);
	ap_stack = (uptr)idle->stack + STACK_SIZE;
	ap_cpu = &cpus[id];
	apic_send_startup(apic_id, (uptr)ap_page / PAGE_SIZE);
	if (wait_online(ap_cpu, SIPI_MS))
		return true;
	apic_send_startup(apic_id, (uptr)ap_page / PAGE_SIZE);
	if (wait_online(ap_cpu, START_MS))
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

void smp_init(void)
{
	cpus[0].apic_id = apic_id();
	cpus[0].online = true;
	online = 1;
	trap_set_handler(CALL_VECTOR, call_interrupt);
	trap_set_handler(SYNC_VECTOR, sync_interrupt);
	trap_set_handler(WAKE_VECTOR, wake_interrupt);
	trap_set_handler(TRAP_NMI, nmi);
}

notrace void smp_init_boot_cpu(void)
{
	init_cpu(&cpus[0], 0, 0, &init_task);
	wrmsr(MSR_GS_BASE, (uptr)&cpus[0]);
}
