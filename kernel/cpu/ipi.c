// SPDX-License-Identifier: MIT
// The ways in which one CPU interrupts the others. Two locks: call_lock for calls, sync_lock for syncs. Each
// is taken with interrupts on, so that a CPU that waits for it still answers. A CPU may ask for a sync while
// a call is in progress, but not for a call while a sync is.
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/stall.h"
#include "kernel/sched/clock.h"
#include "kernel/sched/sched.h"

enum { SPINS = 100 };
#define STOP_NS 1000000000ull

/* What one CPU has asked the others for. */
struct round {
	u32 waits;  /* the CPUs that have not answered, a bit each */
	u32 sleeps; /* the last one to answer must wake the asker */
	u32 asker;  /* its APIC id */
};

static spinlock_t call_lock;
static struct round call;
static void (*call_fn)(void *arg);
static void *call_arg;

/* smp_hold_others: the CPUs that do not wait yet; whether they may go on; whether they must be woken then. */
static struct round hold;
static u32 released, held_sleep;

static spinlock_t sync_lock;
static struct round sync;

static bool stopping;

static inline notrace u32 this_bit(void)
{
	return 1u << smp_processor_id();
}

/* Names the CPUs that must answer. The caller has stored the request before. */
static notrace void begin_round(struct round *r)
{
	r->asker = this_cpu()->apic_id;
	__atomic_store_n(&r->waits, smp_others(), __ATOMIC_SEQ_CST);
}

/* Whether this CPU must answer. It asks before it does the work: a late interrupt of an earlier round must
 * not answer this round. */
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

/* Sleeps until an interrupt, unless *word is `done` already (as a truth value). The CPU that makes it `done`
 * sees *sleeps and sends WAKE_VECTOR. */
static notrace void sleep_until(const u32 *word, bool done, u32 *sleeps)
{
	__atomic_store_n(sleeps, 1, __ATOMIC_SEQ_CST);
	irqs_off();
	if (!!__atomic_load_n(word, __ATOMIC_SEQ_CST) != done)
		cpu_idle();
	irqs_off();
}

/* An answer takes a microsecond or two. If it takes much longer, this is an emulator that runs more CPUs than
 * its host has: the CPU that we wait for does not run while we spin. So we sleep. (Four CPUs on a busy host
 * with two: holding the others takes 2 to 5 ms by spinning alone, and 0.2 to 0.9 ms so. A sync takes about as
 * long either way.) */
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
	if (irqs_are_off() && smp_processor_id() < cpu_count()) /* no CPU waits for one that is not counted */
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

/* Runs in the handler of CALL_VECTOR: while interrupts are on, only WAKE_VECTOR comes through. */
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
	spin_lock(&sync_lock);
	begin_round(&sync);
	if (smp_others())
		apic_send_others(SYNC_VECTOR);
	serialize();
	wait_for(&sync, "a sync has not been answered");
	spin_unlock(&sync_lock);
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
	if (smp_others() == 0)
		return;
	write_once(stopping, true);
	apic_send_nmi_others();
	while (!all_stand(smp_others()) && ktime_get_ns() < end)
		cpu_pause();
}

void ipi_init(void)
{
	this_cpu()->apic_id = apic_id();
	trap_set_handler(CALL_VECTOR, call_interrupt);
	trap_set_handler(SYNC_VECTOR, sync_interrupt);
	trap_set_handler(TRAP_NMI, nmi); /* WAKE_VECTOR has none: it ends a halt, and that is all */
}
