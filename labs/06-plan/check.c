// SPDX-License-Identifier: MIT
// Lab 6: hooks in C on functions of this file. The check reads their counters, and the code of their images.
#define LAB_LIMIT 500
#include "labs/lab.h"
#include "kernel/mem/heap.h"
#include "tramp/tramp.h"

enum { HOOKS = 3, SLOT = CPU_ACTIVE_SLOTS - 1 /* no program has it in this kernel */ };

static u64 runs[HOOKS], ticks[HOOKS], called[HOOKS], missed, answer;
static u32 users[HOOKS];
static const char *const names[HOOKS] = { "hook_a", "hook_b", "hook_c" };

traceable u64 lab6_traced(u64 x)
{
	return x + 1;
}

static notrace u64 hook_a(const u64 *context unused)
{
	called[0]++;
	return answer;
}

static notrace u64 hook_b(const u64 *context unused)
{
	called[1]++;
	return 0;
}

static notrace u64 hook_c(const u64 *context unused)
{
	called[2]++;
	return 0;
}

/* Calls what it traces: the guard lets it run only once. */
static notrace u64 hook_again(const u64 *context)
{
	called[0]++;
	lab6_traced(context[0]);
	return 0;
}

static struct hook hook(u32 i, enum hook_kind kind)
{
	static u64 (*const code[HOOKS])(const u64 *) = { hook_a, hook_b, hook_c };
	return (struct hook){ .kind = kind,
			      .code = (uptr)code[i],
			      .name = names[i],
			      .owner = &users[i],
			      .users = &users[i],
			      .runs = &runs[i],
			      .ticks = &ticks[i],
			      .missed = &missed,
			      .active_slot = SLOT };
}

static bool attach(const struct hook *h)
{
	static struct site *site;
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	site = site_named("lab6_traced");
	tramp_lock();
	enum err e = tramp_add(&site, 1, h, 1, &log);
	tramp_unlock();
	return lab_ok(e == OK, "the hook is attached to lab6_traced");
}

static void detach(u32 i)
{
	struct site *site = site_named("lab6_traced");
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	tramp_remove(&site, 1, &users[i], &log);
	tramp_unlock();
}

/* As `stats on` and `stats off` do it. */
static void statistics(bool on)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	struct plan_options options = tramp_options();
	options.stats = on;
	tramp_set_options(options, &log);
	tramp_unlock();
}

/* Attaches hook 0 as that kind and calls the function so often. */
static bool one_hook(enum hook_kind kind, const char *kind_name, u32 calls)
{
	struct hook h = hook(0, kind);
	lab_did("one %s hook on lab6_traced; %u calls", kind_name, calls);
	if (!attach(&h))
		return false;
	runs[0] = called[0] = 0;
	for (u32 i = 0; i < calls; i++)
		lab6_traced(i);
	detach(0);
	return lab_eq(calls, called[0], "runs of the hook, as the hook counts them") &&
	       lab_eq(calls, runs[0], "*h->runs");
}

LAB_TEST(lab6_counts)
{
	one_hook(HOOK_FENTRY, "fentry", 2 + (u32)lab_random(50));
}

LAB_TEST(lab6_kinds)
{
	if (one_hook(HOOK_FENTRY, "fentry", 2 + (u32)lab_random(50)) &&
	    one_hook(HOOK_FMOD_RET, "fmod_ret", 2 + (u32)lab_random(50)))
		one_hook(HOOK_FEXIT, "fexit", 2 + (u32)lab_random(50));
}

/* Three hooks, attached one after the other, with calls between. */
LAB_TEST(lab6_each)
{
	static const enum hook_kind kinds[HOOKS] = { HOOK_FENTRY, HOOK_FEXIT, HOOK_FENTRY };
	u64 want[HOOKS] = { 0 };
	u32 i, n;
	lab_did("three hooks on lab6_traced, attached one after the other, with calls between");
	for (i = 0; i < HOOKS; i++) {
		struct hook h = hook(i, kinds[i]);
		runs[i] = 0;
		if (!attach(&h))
			return;
		for (n = 1 + (u32)lab_random(20); n; n--) {
			lab6_traced(n);
			for (u32 k = 0; k <= i; k++)
				want[k]++;
		}
	}
	for (i = 0; i < HOOKS; i++)
		detach(i);
	for (i = 0; i < HOOKS; i++)
		if (!lab_eq(want[i], runs[i], names[i]))
			return;
}

LAB_TEST(lab6_skipped)
{
	struct hook h = hook(0, HOOK_FENTRY);
	h.code = (uptr)hook_again;
	h.guarded = true;
	lab_did("a guarded hook that calls lab6_traced itself; 5 calls");
	runs[0] = called[0] = missed = 0;
	if (!attach(&h))
		return;
	for (u32 i = 0; i < 5; i++)
		lab6_traced(i);
	detach(0);
	if (lab_eq(5, called[0], "runs of the hook, as the hook counts them") &&
	    lab_eq(5, missed, "runs that the guard has skipped"))
		lab_eq(5, runs[0], "*h->runs");
}

/* The counter changes between two calls only by the one run, whatever rax and the flags hold. */
LAB_TEST(lab6_result)
{
	struct hook h = hook(0, HOOK_FMOD_RET);
	u64 before = runs[0], got;
	answer = 1 + lab_random(1u << 30);
	lab_did("a fmod_ret hook that returns %llu; lab6_traced(41)", answer);
	if (!attach(&h))
		return;
	got = lab6_traced(41);
	u64 replacing = answer;
	answer = 0;
	u64 untouched = lab6_traced(41);
	detach(0);
	if (lab_eq(replacing, got, "what the caller got") &&
	    lab_eq(42, untouched, "what the caller got when the hook returned 0"))
		lab_eq(before + 2, runs[0], "*h->runs");
}

LAB_TEST(lab6_stats)
{
	u32 calls = 3 + (u32)lab_random(20);
	struct hook h = hook(0, HOOK_FENTRY);
	if (!attach(&h))
		return;
	statistics(true);
	lab_did("stats on; one fentry hook on lab6_traced; %u calls; stats off; 1 call", calls);
	runs[0] = ticks[0] = 0;
	for (u32 i = 0; i < calls; i++)
		lab6_traced(i);
	u64 counted = runs[0], timed = ticks[0];
	statistics(false);
	lab6_traced(0);
	detach(0);
	if (lab_ok(timed > 0, "the ticks of the runs are counted while statistics are on") &&
	    lab_eq(calls, counted, "*h->runs with statistics on"))
		lab_eq(calls + 1, runs[0], "*h->runs after the call with statistics off");
}

/* Finds lock inc qword [address] in the image. */
static u32 find_count(const struct explained *x, const u8 insn[9])
{
	for (u32 i = 0; i + 9 <= x->len; i++)
		if (memcmp(&x->code[i], insn, 9) == 0)
			return i;
	return x->len;
}

static bool is_a_step(const struct explained *x, u32 at, u32 len)
{
	for (u32 i = 0; i < x->plan.count; i++)
		if (x->gen.starts[i] == at)
			return x->gen.starts[i + 1] == at + len;
	return false;
}

LAB_TEST(lab6_step)
{
	u8 insn[9] = { 0xf0, 0x48, 0xff, 0x04, 0x25 };
	u32 addr = (u32)(uptr)&runs[0];
	struct explained *x = kmalloc(sizeof(*x));
	struct hook h = hook(0, HOOK_FENTRY);
	memcpy(&insn[5], &addr, 4);
	lab_did("one fentry hook on lab6_traced; tramp lab6_traced");
	if (!lab_ok(x, "memory") || !attach(&h))
		return;
	tramp_lock();
	tramp_explain(site_named("lab6_traced")->tramp, x);
	tramp_unlock();
	detach(0);
	u32 at = find_count(x, insn);
	if (lab_ok(at < x->len, "the image has lock inc qword [h->runs], which other CPUs cannot tear"))
		lab_ok(is_a_step(x, at, sizeof(insn)),
		       "a step of the plan is that instruction, and no other");
	kfree(x);
}
