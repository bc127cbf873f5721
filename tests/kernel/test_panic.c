// SPDX-License-Identifier: MIT
// Ends of the machine, whose output tests/e2e reads; and a wait that must not end it.
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/ipi.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "kernel/net/skb.h"
#include "kernel/sched/timer.h"
#include "tests/builtin.h"
#include "tests/host/vm_asm.h"
#include "tests/test.h"
#include "attach/attach.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"
#include "vm/prog.h"

/* Without an IDT neither an exception nor the double fault after it can be reported. */
TEST(panic_triple_fault_without_an_idt)
{
	static const struct {
		u16 limit;
		u64 base;
	} packed empty = { 0, 0 };
	__asm__ volatile("lidt %0; int3" ::"m"(empty));
}

/* A program at kfree_skb, and then a bug of ours in that function. */
TEST(panic_names_the_programs_at_its_functions)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = builtin_load("skbcount");
	require(o);
	require(attach_progs(o->progs, o->prog_count, NULL, &log) == OK);
	kfree_skb((struct sk_buff *)PAGE_SIZE);
}

/* --- A program that does not end, on CPU 1, in the tick: interrupts are off ----------------------------- */

/* 2^23 times 2^23 rounds. */
static const char nested[] = "call bpf_get_smp_processor_id#8\n"
			     "if r0 != 0x1 goto pc+6\n"
			     "r1 = 8388608\n"
			     "r2 = subprog[+6]\n"
			     "r3 = 0\n"
			     "r4 = 0\n"
			     "call bpf_loop#181\n"
			     "r0 = 0\n"
			     "exit\n"
			     "r1 = 8388608\n"
			     "r2 = subprog[+6]\n"
			     "r3 = 0\n"
			     "r4 = 0\n"
			     "call bpf_loop#181\n"
			     "r0 = 0\n"
			     "exit\n"
			     "r0 = 0\n"
			     "exit\n";

static void run_nested(enum prog_mode mode)
{
	static struct prog *p;
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct insn insns[32];
	struct site *site = site_named("sched_tick");
	require(prog_load_raw(&p, "nested", insns, vm_asm(insns, array_len(insns), nested), mode, &log) ==
		OK);
	struct hook h = { .code = (uptr)p->entry,
			  .name = p->name,
			  .owner = p,
			  .users = &p->links,
			  .runs = &p->stats.runs,
			  .ticks = &p->stats.ticks,
			  .guarded = true,
			  .per_cpu = true,
			  .active_slot = p->slot,
			  .missed = &p->missed };
	require(site);
	tramp_lock();
	tramp_add(&site, 1, &h, 1, &log);
	for (;;)
		smp_sync_cores();
}

TEST(panic_names_a_compiled_program_that_does_not_end)
{
	run_nested(PROG_JIT);
}

TEST(panic_names_an_interpreted_program_that_does_not_end)
{
	run_nested(PROG_INTERPRET);
}

/* --- Other waits ---------------------------------------------------------------------------------------- */

TEST(panic_spin_lock_that_is_not_released)
{
	static spinlock_t lock;
	spin_lock(&lock);
	spin_lock(&lock);
}

/* On a CPU of its own: off for so long, then the end. */
static int stay(void *arg)
{
	u64 ms = (uptr)arg >> 1;
	bool irqs = (uptr)arg & 1;
	preempt_disable();
	if (!irqs)
		irqs_off();
	ndelay(ms * 1000000);
	irqs_on();
	preempt_enable();
	return 0;
}

static bool start_stay(u32 ms, bool irqs)
{
	if (cpu_count() == 1) {
		test_skip("it takes two CPUs");
		return false;
	}
	migrate_disable();
	u32 other = (smp_processor_id() + 1) % cpu_count();
	bool started = check(kthread_run(stay, (void *)(uptr)(ms * 2 + irqs), (int)other, "stay"));
	msleep(50);
	return started;
}

/* Interrupts are on there, as on the CPUs that are idle. */
static int stay_with_lock(void *arg)
{
	spin_lock(arg);
	ndelay(100000000000);
	spin_unlock(arg);
	return 0;
}

TEST(panic_spin_lock_that_another_cpu_holds)
{
	static spinlock_t lock;
	u32 other = (smp_processor_id() + 1) % cpu_count();
	check(kthread_run(stay_with_lock, &lock, (int)other, "stay"));
	msleep(50);
	spin_lock(&lock);
}

TEST(panic_rcu_barrier_that_a_cpu_holds_up)
{
	if (start_stay(100000, true))
		rcu_barrier();
}

/* No CPU waits for it; the neighbour's tick finds it. */
TEST(panic_cpu_that_takes_no_interrupt)
{
	if (start_stay(100000, false))
		for (;;)
			cpu_pause();
}

TEST(stall_of_a_few_seconds_ends_nothing)
{
	if (start_stay(3000, false))
		smp_sync_cores();
	if (cpu_count() > 1)
		migrate_enable();
}

TEST(rcu_flush_waits_for_what_was_deferred_but_not_for_ever)
{
	check(rcu_flush(10000));
	if (!start_stay(300, true))
		return;
	check(!rcu_flush(20));
	check(rcu_flush(10000));
	migrate_enable();
}
