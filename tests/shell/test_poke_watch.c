// SPDX-License-Identifier: MIT
// What the command poke sees: the bytes behind each step, traps and syncs; and that it leaves nothing behind.
#include "shell/poke_watch.h"
#include "kernel/cpu/smp.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/net/traffic.h"
#include "shell/shell.h"
#include "tests/audited.h"
#include "tests/in_use.h"
#include "tests/nops.h"
#include "tests/test.h"
#include "tramp/text/poke.h"
#include "tramp/tramp.h"

static struct poke_watch w;

static struct site *watch_kfree_skb(void)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct site *site = site_named("kfree_skb");
	if (check(site) && !check_eq(OK, poke_watch(&w, site, &log)))
		kprintf("     %s\n", text);
	return site;
}

/* Each step of one poke, from the bytes that were there to those that are there afterwards. */
static void check_steps(const struct poke_seen seen[POKE_STEPS])
{
	const u8 *old = seen[POKE_BEFORE].bytes, *new = seen[POKE_AFTER].bytes;
	check(memcmp(old, new, SITE_LEN));
	for (u32 step = 0; step < POKE_STEPS; step++) {
		u8 want[SITE_LEN];
		memcpy(want, step < 4 ? old : new, SITE_LEN);
		if (step == 3 || step == 4)
			want[0] = 0xcc;
		if (!check_eq(0, memcmp(want, seen[step].bytes, SITE_LEN)))
			kprintf("     step %u\n", step);
		check_eq(step >= 3 && step <= 5, seen[step].syncs);
	}
}

TEST(poke_watch_sees_the_bytes_of_each_step)
{
	const struct site *site = watch_kfree_skb();
	check_steps(w.seen[0]);
	check_steps(w.seen[1]);
	check_eq(0, memcmp(w.seen[0][POKE_AFTER].bytes, w.seen[1][POKE_BEFORE].bytes, SITE_LEN));
	check_str("nop", w.insns[0]);
	check_str("call bpf_trampoline_kfree_skb", w.insns[1]);
	check_str("nop", w.insns[2]);
	check(holds_nop(site->addr) && !site->tramp);
	check_audit_clean();
}

/* In both pokes together: a CPU of a busy host may be late. */
TEST(poke_watch_sees_cpus_trap_while_the_int3_is_there)
{
	u64 before = poke_stats().traps, seen = 0, with_int3 = 0;
	u32 cpus = 0;
	require(traffic_start() == OK);
	watch_kfree_skb();
	check_eq(OK, traffic_stop());
	for (u32 poke = 0; poke < 2; poke++) {
		check_eq(0, w.seen[poke][1].traps + w.seen[poke][2].traps);
		for (u32 step = 0; step < POKE_STEPS; step++) {
			const struct poke_seen *s = &w.seen[poke][step];
			seen += s->traps;
			with_int3 += poke_steps[step].arrival == TRAPS ? s->traps : 0;
			cpus |= s->cpus;
		}
	}
	check(with_int3 > 0 && cpus && cpus < 1ull << cpu_count());
	check_eq(poke_stats().traps - before, seen);
	kprintf("     %llu traps on CPUs %x\n", with_int3, cpus);
}

static u32 users;

static u64 do_little(const u64 *context unused)
{
	return 0;
}

/* An exit hook, whose image is entered by a jump. */
static void hook_kfree_skb(bool on)
{
	static u64 counts;
	static const struct hook hook = { .kind = HOOK_FEXIT,
					  .code = (uptr)do_little,
					  .name = "exit",
					  .owner = &users,
					  .users = &users,
					  .runs = &counts,
					  .ticks = &counts };
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct site *site = site_named("kfree_skb");
	tramp_lock();
	check_eq(OK, on ? tramp_add(&site, 1, &hook, 1, &log) : tramp_remove(&site, 1, &users, &log));
	tramp_unlock();
}

TEST(poke_watch_goes_from_a_hook_and_back)
{
	hook_kfree_skb(true);
	const struct site *site = watch_kfree_skb();
	check_steps(w.seen[0]);
	check_steps(w.seen[1]);
	for (u32 i = 0; i < 3; i++)
		check_str("jmp bpf_trampoline_kfree_skb", w.insns[i]);
	check(site->tramp && site->tramp->hook_count == 1);
	hook_kfree_skb(false);
	check(holds_nop(site->addr));
	check_audit_clean();
}

TEST(poke_watch_goes_from_a_kprobe_and_back)
{
	check_eq(OK, shell_exec("kprobe kfree_skb"));
	const struct site *site = watch_kfree_skb();
	check_steps(w.seen[0]);
	check_steps(w.seen[1]);
	check_str("call ftrace_trampoline_kprobe", w.insns[0]);
	check_str("call ftrace_regs_caller", w.insns[1]);
	check_str("call ftrace_trampoline_kprobe", w.insns[2]);
	check_eq(OK, shell_exec("kprobe off"));
	check(holds_nop(site->addr));
	check_audit_clean();
}

TEST(poke_of_a_shared_caller_changes_no_byte)
{
	check_eq(OK, shell_exec("kprobe kfree_skb; ftrace kfree_skb"));
	u64 before = poke_stats().pokes;
	check_eq(OK, shell_exec("poke kfree_skb"));
	check_eq(before, poke_stats().pokes);
	check_eq(OK, shell_exec("kprobe off; ftrace off"));
	check_audit_clean();
}

TEST(poke_refuses_a_foreign_byte_and_changes_nothing)
{
	const struct site *site = site_named("kfree_skb");
	require(site);
	check_eq(OK, shell_exec("poke-test kfree_skb"));
	u64 pokes = poke_stats().pokes, sent = traffic_counts.sent;
	check_eq(EINVAL, shell_exec("poke kfree_skb"));
	check_eq(pokes, poke_stats().pokes);
	check_eq(sent, traffic_counts.sent);
	check(!site->tramp && !holds_nop(site->addr));
	check_eq(OK, shell_exec("poke-test kfree_skb"));
	check_eq(ENOENT, shell_exec("poke no_such_function"));
	check_eq(EOPNOTSUPP, shell_exec("poke panic"));
	check_eq(EOPNOTSUPP, shell_exec("poke kprintf"));
	check_audit_clean();
}

TEST(poke_gives_its_memory_back)
{
	check_eq(OK, shell_exec("poke kfree_skb"));
	const struct in_use before = in_use();
	check_eq(OK, shell_exec("poke kfree_skb; poke wake_up_process"));
	check_in_use(&before);
}
