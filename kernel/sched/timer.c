// SPDX-License-Identifier: MIT
// The clock is the TSC, scaled to nanoseconds. Each CPU has its own tick and its own list of timers,
// sorted by expiry: the few there are make anything finer a waste.
#include "kernel/sched/timer.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/sched/lock.h"
#include "kernel/sched/long_run.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/softirq.h"
#include "kernel/cpu/stall.h"
#include "kernel/trace/events.h"

enum { PIT_HZ = 1193182, PIT_CHANNEL_2 = 0x42, PIT_COMMAND = 0x43, PIT_ONE_SHOT_2 = 0xb0 };
enum { PORT_B = 0x61, PORT_B_GATE_2 = 1, PORT_B_SPEAKER = 2, PORT_B_OUT_2 = 0x20 };
enum { CALIBRATE_PER_SECOND = 50 };
enum { SLOWEST_TSC = 100000 }; /* Hz; emulators are slow, but they count */

struct timer_base {
	spinlock_t lock;
	struct list_head timers;
	struct timer_list *running;
	u32 ticks;
};

static struct timer_base bases[MAX_CPUS];
static u64 tsc_base, ns_per_tsc; /* the latter in units of 2^-32 */
static u32 apic_per_tick;

notrace u64 ktime_get_ns(void)
{
	u64 cycles = rdtsc() - tsc_base;
	return (unsigned __int128)cycles * ns_per_tsc >> 32;
}

bool ktime_scale(struct ktime_scale *scale)
{
	*scale = (struct ktime_scale){ tsc_base, ns_per_tsc };
	return true;
}

notrace void ndelay(u64 ns)
{
	u64 end = ktime_get_ns() + ns;
	while (ktime_get_ns() < end)
		cpu_pause();
}

void add_timer(struct timer_list *t)
{
	uptr flags = irq_save(); /* stay on this CPU */
	t->cpu = smp_processor_id();
	struct timer_base *base = &bases[t->cpu];
	spin_lock(&base->lock);
	struct list_head *before = &base->timers;
	while (before->prev != &base->timers &&
	       list_entry(before->prev, struct timer_list, entry)->expires > t->expires)
		before = before->prev;
	list_add_tail(&t->entry, before);
	spin_unlock(&base->lock);
	irq_restore(flags);
}

void del_timer(struct timer_list *t)
{
	struct timer_base *base = &bases[t->cpu];
	struct stall stall = { 0 };
	for (;;) {
		uptr flags = spin_lock_irqsave(&base->lock);
		bool elsewhere = base->running == t && t->cpu != smp_processor_id();
		if (!elsewhere)
			list_del_init(&t->entry);
		spin_unlock_irqrestore(&base->lock, flags);
		if (!elsewhere)
			return;
		cpu_pause();
		stall_check(&stall, 1u << t->cpu, "a timer's function has not returned");
	}
}

/* Takes out the first timer that is due, NULL if none is. */
static struct timer_list *next_expired(struct timer_base *base)
{
	struct timer_list *t = NULL;
	uptr flags = spin_lock_irqsave(&base->lock);
	if (!list_empty(&base->timers))
		t = list_first_entry(&base->timers, struct timer_list, entry);
	if (t && t->expires > ktime_get_ns())
		t = NULL;
	if (t)
		list_del_init(&t->entry);
	base->running = t;
	spin_unlock_irqrestore(&base->lock, flags);
	return t;
}

static void run_timer_softirq(void)
{
	struct timer_base *base = &bases[smp_processor_id()];
	struct timer_list *t;
	while ((t = next_expired(base))) {
		trace_timer_expire_entry(t, ktime_get_ns());
		t->function(t); /* *t may be gone after this */
		trace_timer_expire_exit(t);
	}
}

static bool timer_interrupt(struct pt_regs *regs)
{
	struct timer_base *base = &bases[smp_processor_id()];
	stall_tick();
	long_run_tick(regs);
	trace_local_timer_entry(TIMER_VECTOR);
	if (!list_empty(&base->timers))
		raise_softirq(TIMER_SOFTIRQ);
	sched_tick();
	/* In QEMU with -icount one CPU runs at a time, and one that neither halts nor pauses may keep its
	 * turn for ever. Not at every tick: the others must get further than to their own tick. */
	if (base->ticks++ % 2)
		cpu_pause();
	trace_local_timer_exit(TIMER_VECTOR);
	return true;
}

static void pit_start(u32 count)
{
	outb(PORT_B, (inb(PORT_B) & ~PORT_B_SPEAKER) | PORT_B_GATE_2);
	outb(PIT_COMMAND, PIT_ONE_SHOT_2);
	outb(PIT_CHANNEL_2, count & 0xff);
	outb(PIT_CHANNEL_2, count >> 8);
}

void timer_init_cpu(void)
{
	apic_timer_start(apic_per_tick);
}

void timer_init(void)
{
	for (u32 i = 0; i < MAX_CPUS; i++)
		INIT_LIST_HEAD(&bases[i].timers);

	apic_timer_measure();
	pit_start(PIT_HZ / CALIBRATE_PER_SECOND);
	u64 tsc = rdtsc();
	u32 apic = apic_timer_elapsed();
	while (!(inb(PORT_B) & PORT_B_OUT_2))
		cpu_pause();
	tsc = rdtsc() - tsc;
	apic = apic_timer_elapsed() - apic;
	if (tsc < SLOWEST_TSC / CALIBRATE_PER_SECOND || apic < HZ / CALIBRATE_PER_SECOND)
		panic("timer: in 1/%d s of the PIT the TSC counts %llu and the APIC's timer %u",
		      CALIBRATE_PER_SECOND, tsc, apic);

	ns_per_tsc = (1000000000ull << 32) / (tsc * CALIBRATE_PER_SECOND);
	apic_per_tick = (u64)apic * CALIBRATE_PER_SECOND / HZ;
	tsc_base = rdtsc();
	open_softirq(TIMER_SOFTIRQ, run_timer_softirq);
	trap_set_handler(TIMER_VECTOR, timer_interrupt);
	timer_init_cpu();
}
