// SPDX-License-Identifier: MIT
// Functions of different shapes, each with its tally as first argument, and their callers. Whatever is
// attached in the meantime, every call must run the body once, with these arguments, and return this result.
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "tests/stress/stress.h"

struct pair {
	u64 a, b;
};

struct stress_calls stress_calls;

/* --- The functions ----------------------------------------------------------------------------- */

traceable u64 sc_plain(struct tally *t, u64 x)
{
	t->bodies++;
	return x * 3 + 1;
}
ALLOW_ERROR_INJECTION(sc_plain, ERRNO);

traceable i32 sc_narrow(struct tally *t, i8 a, u16 b, i32 c, bool d)
{
	t->bodies++;
	return a + b + c + d;
}

traceable u64 sc_stack(struct tally *t, u64 a, u32 b, u64 c, i16 d, u64 e, u64 f, u8 g, u64 h)
{
	t->bodies++;
	return a + b * 2 + c * 3 + (u64)d * 4 + e * 5 + f * 6 + g * 7 + h * 8;
}
ALLOW_ERROR_INJECTION(sc_stack, ERRNO);

traceable struct pair sc_pair(struct tally *t, struct pair p, u64 x)
{
	t->bodies++;
	return (struct pair){ p.b + x, p.a - x };
}
traceable void sc_void(struct tally *t)
{
	t->bodies++;
}
traceable unsigned __int128 sc_wide(struct tally *t, unsigned __int128 a, u64 b)
{
	t->bodies++;
	return a * 5 + b;
}
traceable u64 sc_yields(struct tally *t, u64 x)
{
	t->bodies++;
	if (x % 16 == 0)
		yield();
	return ~x;
}
traceable u64 sc_sleeps(struct tally *t, u64 x)
{
	t->bodies++;
	if (x % 64 == 0)
		msleep(1);
	return x ^ 0x5555;
}
MAY_SLEEP(sc_sleeps);

/* --- What must hold of a call ------------------------------------------------------------------ */

static void add(u64 *sum, u64 n)
{
	if (n)
		__atomic_fetch_add(sum, n, __ATOMIC_RELAXED);
}

/* The sum; no more than one for each holding. */
static u32 sum_once(const u8 *counts, bool *right)
{
	u32 sum = 0;
	for (u32 i = 0; i < STRESS_HOLDINGS; i++) {
		*right &= counts[i] <= 1;
		sum += counts[i];
	}
	return sum;
}

static notrace void settle(const struct tally *t, bool right, const char *what)
{
	bool sane = preempt_count() == 0 && current->migration_disabled == 0;
	right &= t->bodies + t->replaced == 1 && sane;
	add(&stress_calls.calls, 1);
	add(&stress_calls.entries, sum_once(t->entries, &right));
	add(&stress_calls.exits, sum_once(t->exits, &right));
	add(&stress_calls.mods, sum_once(t->mods, &right));
	add(&stress_calls.replaced, t->replaced);
	if (right)
		return;
	add(&stress_calls.wrong, 1);
	kprintf("     %s(%llu): %u bodies, %u replaced, %s\n", what, t->x, t->bodies, t->replaced,
		sane ? "or a wrong result or count" : "or preemption or migration off");
}

/* CALL(name, result is right, ...): `x` and the tally `t` are there. */
#define CALL(name, type, want, ...)                                                            \
	static notrace void call_##name(u64 x)                                                 \
	{                                                                                      \
		struct tally t = { .x = x };                                                   \
		type got = name(&t, __VA_ARGS__);                                              \
		settle(&t, got == (t.replaced ? (type)STRESS_REPLACED : (type)(want)), #name); \
	}
/* Dirty upper halves, as the ABI allows. */
typedef i32 dirty_narrow(struct tally *t, u64 a, u64 b, u64 c, u64 d);
static dirty_narrow *sc_dirty = (void *)sc_narrow;

CALL(sc_plain, u64, x * 3 + 1, x)
CALL(sc_dirty, i32, (i8)x + (u16)(x * 7) + (i32)x + 1, x | 0xab00, x * 7, x | 0xcdull << 40, 0x7701)
CALL(sc_stack, u64, x + 2 * (u32)~x + 3 * x + 4 * (u64)(i16)x + 5 + 6 * ~x + 7 * (u8)x + 8 * x, x, (u32)~x, x,
     (i16)x, 1, ~x, (u8)x, x)
CALL(sc_wide, unsigned __int128, ((unsigned __int128)~x << 64 | x) * 5 + x, (unsigned __int128)~x << 64 | x,
     x)
CALL(sc_yields, u64, ~x, x)
CALL(sc_sleeps, u64, x ^ 0x5555, x)

static notrace void call_sc_pair(u64 x)
{
	struct tally t = { .x = x };
	struct pair got = sc_pair(&t, (struct pair){ x, ~x }, 7);
	settle(&t, got.a == ~x + 7 && got.b == x - 7, "sc_pair");
}

static notrace void call_sc_void(u64 x)
{
	struct tally t = { .x = x };
	sc_void(&t);
	settle(&t, true, "sc_void");
}

static const struct {
	void *fn;
	void (*call)(u64 x);
} functions[] = {
	{ sc_plain, call_sc_plain },   { sc_narrow, call_sc_dirty },  { sc_stack, call_sc_stack },
	{ sc_pair, call_sc_pair },     { sc_void, call_sc_void },     { sc_wide, call_sc_wide },
	{ sc_yields, call_sc_yields }, { sc_sleeps, call_sc_sleeps },
};

notrace void stress_call_all(u64 x)
{
	for (u32 i = 0; i < array_len(functions); i++)
		functions[i].call(x);
}

u32 stress_function_count(void)
{
	return array_len(functions);
}

struct site *stress_function(u32 i)
{
	return site_at((uptr)functions[i].fn);
}

notrace bool stress_is_function(uptr ip)
{
	for (u32 i = 0; i < array_len(functions); i++)
		if ((uptr)functions[i].fn == ip)
			return true;
	return false;
}

notrace bool stress_may_replace(uptr ip)
{
	return ip == (uptr)sc_plain || ip == (uptr)sc_yields || ip == (uptr)sc_stack;
}
