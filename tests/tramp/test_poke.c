// SPDX-License-Identifier: MIT
// tramp/text/poke.c: live code changes whole or not at all.
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/cpu/apic.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/cpu/probe.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/task.h"
#include "kernel/sched/sched.h"
#include "kernel/mem/text.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/poke.h"
#include "tramp/text/poke_arch.h"
#include "tramp/text/site.h"

enum { FREE_VECTOR = 0x90 };

/* Functions with a site, to be poked by hand; the result tells which of them has run. */
traceable u32 poke_victim(u32 x)
{
	return x + 1;
}
traceable u32 poke_victim_2(u32 x)
{
	return x + 2;
}
/* There is another function of this name in tests/tramp/test_site.c, which wants that. */
static __attribute__((noipa, used)) u32 tv_twice(u32 x)
{
	return x + 1;
}
static __attribute__((noipa)) notrace u32 replacement(u32 x)
{
	return x + 1000;
}

static struct poke to_jmp(void *function, void *target)
{
	struct poke p = { .addr = (uptr)function };
	poke_make_nop(p.old);
	poke_make_jmp(p.new, p.addr, (uptr)target);
	return p;
}

static struct poke reversed(struct poke p)
{
	struct poke r = { .addr = p.addr };
	memcpy(r.old, p.new, SITE_LEN);
	memcpy(r.new, p.old, SITE_LEN);
	return r;
}

static enum err poke_one(struct poke p, struct strbuf *log)
{
	return poke_batch(&p, 1, log);
}

TEST(poke_replaces_and_restores)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke p = to_jmp(poke_victim, replacement);
	check_eq(6, poke_victim(5));
	check_eq(OK, poke_one(p, &log));
	check_eq(1005, poke_victim(5));
	check_eq(OK, poke_one(reversed(p), &log));
	check_eq(6, poke_victim(5));
}

TEST(poke_of_a_wrong_site_changes_nothing_and_says_what_it_found)
{
	char text[300];
	struct strbuf log = STRBUF(text);
	struct poke_stats before = poke_stats();
	struct poke batch[] = { to_jmp(poke_victim, replacement), to_jmp(poke_victim_2, replacement) };
	batch[1].old[2] = 0x45;
	check_eq(EINVAL, poke_batch(batch, 2, &log));
	check(str_matches(
	    text, "poke_victim_2* at 0xffffffff*: expected 0f 1f 45 00 00 but found 0f 1f 44 00 00*"));
	check_eq(6, poke_victim(5));
	check_eq(7, poke_victim_2(5));
	check_eq(before.syncs, poke_stats().syncs);
}

TEST(poke_of_a_batch_takes_three_syncs)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke_stats before = poke_stats();
	/* in the wrong order on purpose */
	struct poke batch[] = { to_jmp(poke_victim_2, replacement), to_jmp(poke_victim, replacement) };
	check_eq(OK, poke_batch(batch, 2, &log));
	check_eq(1005, poke_victim(5));
	check_eq(1005, poke_victim_2(5));
	check_eq(before.syncs + 3, poke_stats().syncs);
	for (u32 i = 0; i < 2; i++)
		batch[i] = reversed(batch[i]);
	check_eq(OK, poke_batch(batch, 2, &log));
	check_eq(before.syncs + 6, poke_stats().syncs);
	check_eq(before.pokes + 4, poke_stats().pokes);
	check_eq(6, poke_victim(5));
}

/* Other CPUs call the victim all the time; each call must return one of the two answers. */
struct caller {
	u64 plain, replaced, wrong;
	bool running;
};
static struct caller callers[MAX_CPUS];
static bool stop_callers;

/* The last CPU calls all the time, the others pause: see tests/tramp/test_tramp.c. */
static int call_victim(void *arg)
{
	struct caller *c = arg;
	bool pauses = c != &callers[cpu_count() - 1];
	while (!read_once(stop_callers)) {
		if (pauses && (c->plain + c->replaced) % 1024 == 1023)
			msleep(1);
		u32 got = poke_victim(7);
		if (got == 8)
			c->plain++;
		else if (got == 1007)
			c->replaced++;
		else
			c->wrong++;
	}
	write_once(c->running, false);
	return 0;
}

TEST(poke_of_code_that_other_cpus_run_is_never_wrong)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke p = to_jmp(poke_victim, replacement);
	u64 plain = 0, replaced = 0;
	stop_callers = false;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		callers[cpu] = (struct caller){ .running = true };
		require(kthread_run(call_victim, &callers[cpu], (int)cpu, "caller/%u", cpu));
	}
	for (u32 i = 0; i < 1000; i++) {
		check_eq(OK, poke_one(p, &log));
		p = reversed(p);
	}
	msleep(20);
	write_once(stop_callers, true);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		while (read_once(callers[cpu].running))
			msleep(1);
		plain += callers[cpu].plain;
		replaced += callers[cpu].replaced;
		check_eq(0, callers[cpu].wrong);
	}
	check(plain > 0);
	kprintf("     %llu calls, %llu of them of the replacement\n", plain + replaced, replaced);
	check(cpu_count() == 1 || replaced > 0);
	check_eq(8, poke_victim(7));
}

/* --- At every step ----------------------------------------------------------------------------- */

/* Before step 3 a CPU at the site runs the old instruction, from step 3 on the new one. */
static u32 answer_before, answer_after;
static u32 wrong_answers, right_answers;

static notrace void ask(u32 step)
{
	u32 want = step < 3 ? answer_before : answer_after;
	u32 *count = poke_victim(7) == want ? &right_answers : &wrong_answers;
	__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

static u32 step_now;

static bool ask_in_interrupt(unused struct pt_regs *regs)
{
	ask(step_now);
	return true;
}

static void ask_on_other_cpu(unused void *arg)
{
	ask(step_now);
}

/* Here, in an interrupt here, and in an interrupt of every other CPU. */
static void ask_everywhere(u32 step)
{
	u32 before = right_answers + wrong_answers;
	step_now = step;
	ask(step);
	apic_send(this_cpu()->apic_id, FREE_VECTOR);
	while (read_once(right_answers) + read_once(wrong_answers) < before + 2)
		cpu_pause();
	smp_call_others(ask_on_other_cpu, NULL);
}

/* Pokes to the replacement and back, with an observer. */
static void poke_observed(struct poke p, void (*observer)(u32 step))
{
	char text[200];
	struct strbuf log = STRBUF(text);
	right_answers = wrong_answers = 0;
	poke_observe(observer);
	for (u32 i = 0; i < 2; i++) {
		answer_before = i ? 1007 : 8;
		answer_after = i ? 8 : 1007;
		check_eq(OK, poke_one(i ? reversed(p) : p, &log));
	}
	poke_observe(NULL);
	check_eq(0, wrong_answers);
	check_eq(8, poke_victim(7));
}

TEST(poke_may_be_interrupted_at_every_step)
{
	trap_set_handler(FREE_VECTOR, ask_in_interrupt);
	poke_observed(to_jmp(poke_victim, replacement), ask_everywhere);
	trap_set_handler(FREE_VECTOR, NULL);
	check_eq(2 * 7 * (1 + cpu_count()), right_answers);
}

/* --- In an NMI --------------------------------------------------------------------------------- */

static trap_handler *usual_nmi;
static u32 nmis, nmi_depth[MAX_CPUS], nested_nmis, more_nmis;

/* The next one is sent before the site is run: if the way back from an int3 let it in, it would come at
 * once, onto the stack of this one. */
static notrace bool ask_in_nmi(struct pt_regs *regs)
{
	u32 cpu = smp_processor_id();
	if (!in_nmi())
		return usual_nmi(regs);
	if (nmi_depth[cpu]++)
		__atomic_fetch_add(&nested_nmis, 1, __ATOMIC_RELAXED);
	if (more_nmis) {
		more_nmis--;
		apic_send_nmi(this_cpu()->apic_id);
	}
	for (u32 i = 0; i < 3; i++)
		ask(step_now);
	nmi_depth[cpu]--;
	__atomic_fetch_add(&nmis, 1, __ATOMIC_SEQ_CST);
	return true;
}

static notrace void send_two_nmis(u32 step)
{
	u32 before = nmis;
	step_now = step;
	more_nmis = 1;
	apic_send_nmi(this_cpu()->apic_id);
	while (read_once(nmis) != before + 2)
		cpu_pause();
}

TEST(poke_int3_in_an_nmi_does_not_let_the_next_one_in)
{
	nmis = nested_nmis = 0;
	usual_nmi = trap_set_handler(TRAP_NMI, ask_in_nmi);
	poke_observed(to_jmp(poke_victim, replacement), send_two_nmis);
	trap_set_handler(TRAP_NMI, usual_nmi);
	check_eq(2 * 7 * 2, nmis);
	check_eq(2 * 7 * 2 * 3, right_answers);
	check_eq(0, nested_nmis);
}

/* A load that faults returns the same way. */
static u32 probe_results[2];

static notrace bool fault_in_nmi(unused struct pt_regs *regs)
{
	u32 word;
	if (nmi_depth[0]++)
		nested_nmis++;
	if (more_nmis) {
		more_nmis--;
		apic_send_nmi(this_cpu()->apic_id);
	}
	probe_results[nmis % 2] = (u32)probe_read(&word, 8, sizeof(word));
	nmi_depth[0]--;
	write_once(nmis, nmis + 1);
	return true;
}

TEST(poke_fault_in_an_nmi_does_not_let_the_next_one_in)
{
	nmis = nested_nmis = 0;
	more_nmis = 1;
	usual_nmi = trap_set_handler(TRAP_NMI, fault_in_nmi);
	apic_send_nmi(this_cpu()->apic_id);
	while (read_once(nmis) != 2)
		cpu_pause();
	trap_set_handler(TRAP_NMI, usual_nmi);
	check_eq(0, nested_nmis);
	check_eq(EFAULT, probe_results[0]);
	check_eq(EFAULT, probe_results[1]);
}

static u32 stormers;

/* An NMI may meet the int3, or interrupt the handler of one; each answer is one of the two. */
static notrace bool either_in_nmi(unused struct pt_regs *regs)
{
	u32 cpu = smp_processor_id(), got = poke_victim(7);
	if (nmi_depth[cpu]++)
		__atomic_fetch_add(&nested_nmis, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(got == 8 || got == 1007 ? &right_answers : &wrong_answers, 1, __ATOMIC_RELAXED);
	nmi_depth[cpu]--;
	return true;
}

static int storm(unused void *arg)
{
	for (u32 i = 0; !read_once(stop_callers); i++) {
		u32 got = poke_victim(7);
		__atomic_fetch_add(got == 8 || got == 1007 ? &right_answers : &wrong_answers, 1,
				   __ATOMIC_RELAXED);
		apic_send_nmi(cpus[i % cpu_count()].apic_id);
		if (i % 256 == 255)
			msleep(1);
	}
	__atomic_fetch_sub(&stormers, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(poke_in_a_storm_of_nmis)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke p = to_jmp(poke_victim, replacement);
	u64 traps = poke_stats().traps;
	stop_callers = false;
	right_answers = wrong_answers = nested_nmis = 0;
	usual_nmi = trap_set_handler(TRAP_NMI, either_in_nmi);
	stormers = cpu_count();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		require(kthread_run(storm, NULL, (int)cpu, "storm/%u", cpu));
	for (u32 i = 0; i < 500; i++) {
		check_eq(OK, poke_one(p, &log));
		p = reversed(p);
	}
	write_once(stop_callers, true);
	while (read_once(stormers))
		msleep(1);
	msleep(10); /* the last NMIs */
	trap_set_handler(TRAP_NMI, usual_nmi);
	check_eq(0, wrong_answers);
	check_eq(0, nested_nmis);
	kprintf("     %u answers, %llu int3s\n", right_answers, poke_stats().traps - traps);
}

/* --- A large batch ----------------------------------------------------------------------------- */

/* Functions that return their argument plus their number, 16 bytes each. */
#define MANY 500
extern const u8 many_functions[];
__asm__(".pushsection .text\n"
	".balign 16\n"
	"many_functions:\n"
	".set number, 0\n"
	".rept 500\n"
	".byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
	"leal number(%rdi), %eax\n"
	"ret\n"
	".balign 16\n"
	".set number, number + 1\n"
	".endr\n"
	".popsection");

static struct poke many[MANY];

static notrace u32 call_many(u32 i, u32 x)
{
	u32 (*fn)(u32) = (void *)(many_functions + 16 * i);
	return fn(x);
}

/* The last first, so that there is something to sort. */
static void prepare_many(void)
{
	for (u32 i = 0; i < MANY; i++)
		many[i] = to_jmp((void *)(many_functions + 16 * (MANY - 1 - i)), replacement);
}

static void ask_many(u32 step)
{
	for (u32 i = 0; i < MANY; i++) {
		u32 want = step < 3 ? 7 + i : 1007;
		*(call_many(i, 7) == want ? &right_answers : &wrong_answers) += 1;
	}
}

TEST(poke_finds_each_of_500_sites_of_a_batch_first_and_last_too)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	u64 syncs = poke_stats().syncs, traps = poke_stats().traps;
	prepare_many();
	right_answers = wrong_answers = 0;
	poke_observe(ask_many);
	check_eq(OK, poke_batch(many, MANY, &log));
	poke_observe(NULL);
	check_eq(7 * MANY, right_answers);
	check_eq(0, wrong_answers);
	check_eq(3, poke_stats().syncs - syncs);
	check(poke_stats().traps - traps >= 2 * MANY);
	for (u32 i = 0; i < MANY; i++)
		many[i] = reversed(many[i]);
	check_eq(OK, poke_batch(many, MANY, &log));
	for (u32 i = 0; i < MANY; i++)
		check_eq(7 + i, call_many(i, 7));
}

TEST(poke_of_a_batch_with_one_corrupted_site_changes_none)
{
	static u8 before[16 * MANY];
	char text[300];
	struct strbuf log = STRBUF(text);
	uptr at = (uptr)many_functions + 16 * (MANY / 2);
	u64 syncs = poke_stats().syncs;
	prepare_many();
	put_other_nop(at);
	memcpy(before, many_functions, sizeof(before));
	check_eq(EINVAL, poke_batch(many, MANY, &log));
	check(str_matches(text, "*: expected 0f 1f 44 00 00 but found 0f 1f 44 00 08; nothing was changed"));
	check_eq(0, memcmp(before, many_functions, sizeof(before)));
	check_eq(syncs, poke_stats().syncs);
	put_nop(at);
}

static void poke_again(unused u32 step)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	poke_one(to_jmp(poke_victim_2, replacement), &log);
}

/* A poke from inside a poke would wait for itself. */
TEST(panic_poke_inside_a_poke)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	poke_observe(poke_again);
	poke_one(to_jmp(poke_victim, replacement), &log);
}

/* --- Turns ------------------------------------------------------------------------------------- */

static u32 pokers;

static int poke_often(void *victim)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke p = to_jmp(victim, replacement);
	for (u32 i = 0; i < 100; i++) {
		if (poke_one(p, &log) != OK)
			__atomic_fetch_add(&wrong_answers, 1, __ATOMIC_RELAXED);
		p = reversed(p);
	}
	__atomic_fetch_sub(&pokers, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(poke_of_two_tasks_takes_turns)
{
	u64 before = poke_stats().pokes;
	wrong_answers = 0;
	pokers = 2;
	require(kthread_run(poke_often, poke_victim, 0, "poker/0"));
	require(kthread_run(poke_often, poke_victim_2, (int)cpu_count() - 1, "poker/1"));
	while (read_once(pokers))
		msleep(1);
	check_eq(0, wrong_answers);
	check_eq(200, poke_stats().pokes - before);
	check_eq(8, poke_victim(7));
	check_eq(9, poke_victim_2(7));
}

/* --- Breakpoints of others --------------------------------------------------------------------- */

static trap_handler *patcher;
static u64 foreign_hits, foreign_runs;

/* int3; ret: no change is in progress here, so the patcher must leave it to its owner. */
extern const u8 foreign_int3[];
__asm__(".pushsection .text\n"
	"foreign_int3: int3\n"
	"ret\n"
	".popsection");

static notrace bool own_int3(struct pt_regs *regs)
{
	if (patcher(regs))
		return true;
	if (regs->ip != (uptr)foreign_int3 + 1)
		return false;
	__atomic_fetch_add(&foreign_hits, 1, __ATOMIC_RELAXED);
	return true;
}

static int hammer(unused void *arg)
{
	void (*hit)(void) = (void *)foreign_int3;
	u64 runs = 0;
	while (!read_once(stop_callers)) {
		hit();
		u32 got = poke_victim(7);
		if (got != 8 && got != 1007)
			__atomic_fetch_add(&wrong_answers, 1, __ATOMIC_RELAXED);
		if (++runs % 512 == 0)
			msleep(1);
	}
	__atomic_fetch_add(&foreign_runs, runs, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&stormers, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* Each batch lies on this stack and is overwritten when it is over: a handler that read it then would find
 * a false change, at the address of the foreign int3 (Linux efd608fa7403). */
static notrace __attribute__((noipa)) enum err poke_from_a_stack_that_goes(struct poke p)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct poke batch[1] = { p };
	enum err e = poke_batch(batch, 1, &log);
	batch[0].addr = (uptr)foreign_int3;
	poke_make_jmp(batch[0].new, batch[0].addr, (uptr)replacement);
	__asm__ volatile("" ::"r"(batch) : "memory");
	return e;
}

TEST(poke_leaves_foreign_int3s_to_their_owner_while_batches_come_and_go)
{
	struct poke p = to_jmp(poke_victim, replacement);
	stop_callers = false;
	foreign_hits = foreign_runs = wrong_answers = 0;
	patcher = trap_set_handler(TRAP_BP, own_int3);
	stormers = cpu_count();
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		require(kthread_run(hammer, NULL, (int)cpu, "hammer/%u", cpu));
	for (u32 i = 0; i < 500; i++) {
		check_eq(OK, poke_from_a_stack_that_goes(p));
		p = reversed(p);
	}
	msleep(5);
	write_once(stop_callers, true);
	while (read_once(stormers))
		msleep(1);
	trap_set_handler(TRAP_BP, patcher);
	check(foreign_runs > 0);
	check_eq(foreign_runs, foreign_hits);
	check_eq(0, wrong_answers);
}

/* The handler's arithmetic, on a frame and a stack of our own. */
TEST(poke_emulates_call_jmp_and_nop_with_a_known_stack)
{
	uptr stack[4] = { 1, 2, 3, 4 };
	struct poke p = { .addr = (uptr)poke_victim };
	struct pt_regs regs = { .ip = p.addr + 1, .sp = (uptr)&stack[2] };

	check_eq(p.addr, poke_trap_addr(&regs));
	poke_make_call(p.new, p.addr, (uptr)replacement);
	poke_emulate(&p, &regs);
	check_eq((uptr)replacement, regs.ip);
	check_eq((uptr)&stack[1], regs.sp);
	check_eq(p.addr + SITE_LEN, stack[1]);
	check_eq(3, stack[2]);
	check_eq(1, stack[0]);

	poke_make_jmp(p.new, p.addr, (uptr)replacement);
	poke_emulate(&p, &regs);
	check_eq((uptr)replacement, regs.ip);
	check_eq((uptr)&stack[1], regs.sp);

	poke_make_nop(p.new);
	poke_emulate(&p, &regs);
	check_eq(p.addr + SITE_LEN, regs.ip);
	check_eq((uptr)&stack[1], regs.sp);
}
