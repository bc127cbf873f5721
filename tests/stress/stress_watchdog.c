// SPDX-License-Identifier: MIT
// Ends the machine when nothing makes progress any more. A timer on every CPU looks, so that one CPU that
// still takes interrupts is enough. That CPU makes each of the others print by NMI where it is, one after the
// other, prints where all tasks sleep, and panics.
#include "kernel/cpu/apic.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/panic.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "kernel/cpu/trap.h"
#include "tests/stress/stress.h"

#define LOOK_NS  1000000000ull
#define LIMIT_NS 60000000000ull

static struct timer_list timers[MAX_CPUS];
static u64 last_progress;
static u32 barked, asking, told;
static trap_handler *usual_nmi;

notrace void stress_progress(void)
{
	write_once(last_progress, ktime_get_ns());
}

static notrace bool tell(struct pt_regs *regs)
{
	if (!read_once(asking))
		return usual_nmi(regs);
	kprintf("CPU %u, %s, preempt_count 0x%x:\n", smp_processor_id(), current->comm,
		this_cpu()->preempt_count);
	backtrace_print(regs);
	__atomic_fetch_add(&told, 1, __ATOMIC_SEQ_CST);
	return true;
}

/* One that does not answer even an NMI within a second is passed over. */
static notrace void ask(const struct cpu *cpu)
{
	u64 end = ktime_get_ns() + LOOK_NS;
	u32 before = told;
	if (cpu == this_cpu())
		return;
	apic_send_nmi(cpu->apic_id);
	while (read_once(told) == before && ktime_get_ns() < end)
		;
}

/* ORDER SWITCH: what context_switch leaves on the stack of a task at rest
 * (kernel/sched/switch_x86_64.asm). */
static notrace void tell_of_task(const struct task_struct *p)
{
	const uptr *frame = (const uptr *)p->sp;
	struct pt_regs regs = { .bp = frame[5], .ip = frame[6], .sp = p->sp + 7 * sizeof(uptr) };

	kprintf("%s, pid %d, CPU %u, __state %u, on_rq %d:\n", p->comm, p->pid, p->cpu, p->__state, p->on_rq);
	backtrace_print(&regs);
}

/* Without the lock, which a stopped CPU may hold. */
notrace void stress_tell_of_tasks(void)
{
	const struct task_struct *p;

	list_for_each_entry(p, &init_task.tasks, tasks)
		if (!p->on_cpu && !(p->flags & PF_IDLE))
			tell_of_task(p);
}

static notrace void look(struct timer_list *t)
{
	u64 last = read_once(last_progress); /* before the clock: else it may be later than now */
	if (ktime_get_ns() - last < LIMIT_NS) {
		t->expires = ktime_get_ns() + LOOK_NS;
		add_timer(t);
		return;
	}
	if (__atomic_exchange_n(&barked, 1, __ATOMIC_SEQ_CST))
		return;
	write_once(asking, 1);
	for (u32 i = 0; i < cpu_count(); i++)
		ask(&cpus[i]);
	write_once(asking, 0);
	stress_tell_of_tasks();
	panic("stress: nothing has moved for a minute");
}

static void start_timer(unused void *arg)
{
	struct timer_list *t = &timers[smp_processor_id()];
	*t = (struct timer_list){ .function = look, .expires = ktime_get_ns() + LOOK_NS };
	add_timer(t);
}

void stress_watch(void)
{
	stress_progress();
	usual_nmi = trap_set_handler(TRAP_NMI, tell);
	migrate_disable();
	smp_call_others(start_timer, NULL);
	start_timer(NULL);
	migrate_enable();
}

void stress_unwatch(void)
{
	for (u32 i = 0; i < cpu_count(); i++)
		del_timer(&timers[i]);
	trap_set_handler(TRAP_NMI, usual_nmi);
}
