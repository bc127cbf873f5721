// SPDX-License-Identifier: MIT
// Lab 12: hooks in C on a function of eight arguments, two of them on the stack. Each hook notes the slots that
// it reads, then leaves junk in the registers that a C function may change.
#define LAB_LIMIT 500
#include "labs/lab.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "tramp/tramp.h"

enum { HOOKS = 3, ARGS = 8, IN_REGISTERS = 6, ALL = (1 << ARGS) - 1, CALLS = 1000 };

static u64 runs[HOOKS], ticks[HOOKS], seen[HOOKS][ARGS], calls[HOOKS];
static u32 users[HOOKS], reads[HOOKS];
static u64 arg[ARGS], body_saw[ARGS];

traceable u64 lab12_traced(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, u64 g, u64 h)
{
	const u64 got[ARGS] = { a, b, c, d, e, f, g, h };
	memcpy(body_saw, got, sizeof(got));
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

/* Does nothing, so that its calls can be counted. */
traceable u64 lab12_quick(u64 a, u64 b unused, u64 c unused, u64 d unused, u64 e unused, u64 f unused)
{
	return a;
}

static notrace void note(u32 i, const u64 *context)
{
	calls[i]++;
	for (u32 n = 0; n < ARGS; n++)
		if (reads[i] >> n & 1)
			seen[i][n] = context[n];
	__asm__ volatile("mov $0xbad0001, %%eax\n\tlea 1(%%rax), %%rcx\n\tlea 2(%%rax), %%rdx\n\t"
			 "lea 3(%%rax), %%rsi\n\tlea 4(%%rax), %%rdi\n\tlea 5(%%rax), %%r8\n\t"
			 "lea 6(%%rax), %%r9" ::
			     : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9");
}

static notrace u64 hook_a(const u64 *context)
{
	note(0, context);
	return 0;
}

static notrace u64 hook_b(const u64 *context)
{
	note(1, context);
	return 0;
}

static notrace u64 hook_c(const u64 *context)
{
	note(2, context);
	return 0;
}

static notrace u64 hook_quick(const u64 *context unused)
{
	return 0;
}

static const char *const kind_names[] = {
	[HOOK_FENTRY] = "fentry", [HOOK_FMOD_RET] = "fmod_ret", [HOOK_FEXIT] = "fexit"
};

static struct hook hook(u32 i, enum hook_kind kind, u32 unread)
{
	static u64 (*const code[HOOKS])(const u64 *) = { hook_a, hook_b, hook_c };
	reads[i] = ~unread & ALL;
	return (struct hook){ .kind = kind,
			      .code = (uptr)code[i],
			      .name = "lab12_hook",
			      .owner = &users[i],
			      .users = &users[i],
			      .runs = &runs[i],
			      .ticks = &ticks[i],
			      .unread = unread };
}

static bool change(struct site *site, const struct hook *h, bool add)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	enum err e = add ? tramp_add(&site, 1, h, 1, &log) : tramp_remove(&site, 1, h->owner, &log);
	tramp_unlock();
	return lab_ok(e == OK, add ? "the hook is attached" : "the hook is detached");
}

/* Calls lab12_traced with the hooks attached, and compares what they, the body and the caller got. */
static bool call_with(const struct hook *hooks, u32 count)
{
	struct site *site = site_named("lab12_traced");
	u64 want = 0, got;
	u32 i, n;
	memset(seen, 0, sizeof(seen));
	memset(body_saw, 0, sizeof(body_saw));
	for (i = 0; i < ARGS; i++)
		want ^= arg[i] = lab_random(~0u) << 32 | lab_random(~0u);
	for (i = 0; i < count; i++)
		if (!change(site, &hooks[i], true))
			return false;
	got = lab12_traced(arg[0], arg[1], arg[2], arg[3], arg[4], arg[5], arg[6], arg[7]);
	for (i = 0; i < count; i++)
		if (!change(site, &hooks[i], false))
			return false;
	for (i = 0; i < ARGS; i++)
		if (!lab_eq(arg[i], body_saw[i], "an argument, as the body found it"))
			return false;
	for (i = 0; i < count; i++)
		for (n = 0; n < ARGS; n++)
			if ((reads[i] >> n & 1) && !lab_eq(arg[n], seen[i][n], "a slot that a hook reads"))
				return false;
	return lab_eq(want, got, "what the caller got");
}

/* Which slots the plan of these hooks saves, one bit for each. */
static u32 saved_slots(const struct hook *hooks, u32 count)
{
	struct site *site = site_named("lab12_traced");
	struct explained *x = kmalloc(sizeof(*x));
	u32 saved = 0, i;
	if (!lab_ok(x, "memory"))
		return 0;
	for (i = 0; i < count; i++)
		if (!change(site, &hooks[i], true))
			return 0;
	tramp_lock();
	tramp_explain(site->tramp, x);
	tramp_unlock();
	for (i = 0; i < count; i++)
		change(site, &hooks[i], false);
	for (i = 0; i < x->plan.count; i++)
		if (x->plan.steps[i].kind == STEP_SAVE_SLOT)
			saved |= 1u << x->plan.steps[i].n;
	kfree(x);
	return saved;
}

LAB_TEST(lab12_nothing)
{
	struct hook h = hook(0, HOOK_FEXIT, ~0u);
	lab_did("one fexit hook on a function of 8 arguments, unread = 0xffffffff; its plan");
	lab_eq(0, saved_slots(&h, 1), "the slots that the plan saves, one bit for each:");
}

LAB_TEST(lab12_some)
{
	u32 unread = 1 + (u32)lab_random(ALL - 1);
	struct hook h = hook(0, HOOK_FEXIT, unread);
	lab_did("one fexit hook, unread = 0x%x; its plan, and a call", unread);
	if (lab_eq(~unread & ALL, saved_slots(&h, 1), "the slots that the plan saves, one bit for each:"))
		call_with(&h, 1);
}

/* Entry hooks and those that replace results: the plan loads all registers again. */
LAB_TEST(lab12_body)
{
	static const enum hook_kind kinds[] = { HOOK_FENTRY, HOOK_FMOD_RET };
	for (u32 i = 0; i < array_len(kinds); i++) {
		struct hook h = hook(0, kinds[i], ~0u);
		lab_did("one %s hook, unread = 0xffffffff; a call", kind_names[kinds[i]]);
		if (!call_with(&h, 1))
			return;
	}
	struct hook h = hook(0, HOOK_FEXIT, ~0u);
	lab_did("one fexit hook, unread = 0xffffffff; its plan");
	lab_eq(0, saved_slots(&h, 1), "the slots that the plan saves, one bit for each:");
}

LAB_TEST(lab12_two)
{
	u32 first = (u32)lab_random(ALL + 1), second = (u32)lab_random(ALL + 1);
	first |= 1, second &= ~1u; /* so that they differ */
	struct hook hooks[2] = { hook(0, HOOK_FEXIT, first), hook(1, HOOK_FEXIT, second) };
	lab_did("two fexit hooks, unread = 0x%x and 0x%x; their plan, and a call", first, second);
	if (lab_eq(~(first & second) & ALL, saved_slots(hooks, 2),
		   "the slots that the plan saves, one bit for each:"))
		call_with(hooks, 2);
}

LAB_TEST(lab12_stack)
{
	struct hook h = hook(0, HOOK_FENTRY, ~0u);
	lab_did("one fentry hook, unread = 0xffffffff; its plan");
	lab_eq((1 << IN_REGISTERS) - 1, saved_slots(&h, 1),
	       "the slots that the plan saves, one bit for each:");
}

/* Any hooks, in any order of attachment. */
LAB_TEST(lab12_any)
{
	for (u32 round = 0; round < 40; round++) {
		struct hook hooks[HOOKS];
		u32 count = 1 + (u32)lab_random(HOOKS), unread[HOOKS] = { 0 };
		enum hook_kind kinds[HOOKS] = { HOOK_FENTRY, HOOK_FENTRY, HOOK_FENTRY };
		for (u32 i = 0; i < count; i++) {
			kinds[i] = (enum hook_kind)lab_random(3);
			unread[i] = (u32)lab_random(ALL + 1);
			hooks[i] = hook(i, kinds[i], unread[i]);
		}
		lab_did("%u hooks: %s 0x%x, %s 0x%x, %s 0x%x (the first %u count); a call", count,
			kind_names[kinds[0]], unread[0], kind_names[kinds[1]], unread[1],
			kind_names[kinds[2]], unread[2], count);
		if (!call_with(hooks, count))
			return;
	}
	struct hook h = hook(0, HOOK_FEXIT, ~0u);
	lab_did("one fexit hook, unread = 0xffffffff; its plan");
	lab_eq(0, saved_slots(&h, 1), "the slots that the plan saves, one bit for each:");
}

/* Instructions of CALLS calls: under --icount the clock counts them. */
static u64 instructions(u32 unread)
{
	struct site *site = site_named("lab12_quick");
	struct hook h = hook(0, HOOK_FEXIT, unread);
	h.code = (uptr)hook_quick;
	if (!change(site, &h, true))
		return 0;
	uptr flags = irq_save();
	u64 begin = rdtsc();
	for (u32 i = 0; i < CALLS; i++)
		lab12_quick(1, 2, 3, 4, 5, 6);
	u64 took = rdtsc() - begin;
	irq_restore(flags);
	change(site, &h, false);
	return took;
}

LAB_TEST(lab12_count)
{
	lab_did("%u calls of a function of 6 arguments with a fexit hook that reads all; then with one that "
		"reads none",
		CALLS);
	u64 all = instructions(0), none = instructions(~0u);
	lab_eq(6 * CALLS, all - none, "instructions less:");
}
