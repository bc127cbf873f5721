// SPDX-License-Identifier: MIT
// tramp/poke.c: live code changes whole or not at all.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "kernel/smp.h"
#include "kernel/task.h"
#include "kernel/sched.h"
#include "kernel/text.h"
#include "kernel/trap.h"
#include "tramp/poke.h"
#include "tramp/poke_arch.h"
#include "tramp/site.h"

/* Functions with a site, to be poked by hand; they say who has run. */
traceable u32 poke_victim(u32 x)
{
	return x + 1;
}
traceable u32 poke_victim_2(u32 x)
{
	return x + 2;
}
/* There is another function of this name in tests/test_site.c, which wants that. */
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

/* Others call the victim all the time; each call must give one of the two answers. */
struct caller {
	u64 plain, replaced, wrong;
	bool running;
};
static struct caller callers[MAX_CPUS];
static bool stop_callers;

/* The last CPU calls all the time, the others pause: see tests/test_tramp.c. */
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

TEST(poke_under_the_feet_of_other_cpus_is_never_wrong)
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
