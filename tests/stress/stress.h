/* SPDX-License-Identifier: MIT */
/* What the parts of the stress test share.
 *
 *      test_stress.c       rounds: everything runs, then all is detached and checked
 *      stress_ways.c       every way to attach, to random functions, and back
 *      stress_calls.c      functions that are called all the time and notice a lost or double call
 *      stress_watchdog.c   the end, when nothing makes progress any more
 *
 * A holding is one attachment of any kind. All hooks of test functions count twice: in the call that they
 * belong to (struct tally, on the caller's stack) and in their holding. Both sums must be equal. */
#pragma once
#include "kernel/lib/fmt.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/kprobe/kprobe.h"
#include "tramp/tramp.h"
#include "vm/prog.h"

enum { STRESS_TASKS = 4, STRESS_HELD = 8, STRESS_HOLDINGS = STRESS_TASKS * STRESS_HELD, STRESS_SITES = 12 };

/* One call of a test function: how often each holding has seen it. */
struct tally {
	u64 x;
	u32 bodies;   /* how often the function itself has run */
	u32 replaced; /* ... and something in its place */
	u8 entries[STRESS_HOLDINGS], exits[STRESS_HOLDINGS], mods[STRESS_HOLDINGS];
};

struct holding {
	enum way {
		WAY_NONE, /* free */
		WAY_HOOKS,
		WAY_PROG,
		WAY_TRACEPOINT,
		WAY_FTRACE,
		WAY_GRAPH,
		WAY_KPROBE,
		WAY_KRETPROBE,
		WAYS
	} way;
	u32 count;
	struct site *sites[STRESS_SITES];
	struct hook hooks[2];
	u32 hook_count, users;
	struct tracepoint *tracepoint;
	struct prog *prog;
	struct ftrace_ops ops;
	struct fgraph_ops graph;
	struct kretprobe probe;   /* for a kprobe its kp */
	u64 begun, ended;         /* what a graph or a kretprobe has told; changed atomically */
	u64 entries, exits, mods; /* as counted by hooks on test functions; changed atomically */
	u64 missed, runs, ticks;
};
extern struct holding stress_holdings[STRESS_HOLDINGS];

/* xorshift: the same numbers from the same seed. */
struct stress_random {
	u64 state;
};
u32 stress_random(struct stress_random *r, u32 below);

/* --- stress_ways.c --- */

/* Finds the functions that the machine runs through under traffic; these are traced. Returns their count. */
u32 stress_find_targets(void);

/* Programs for one round; false if they could not be loaded, or not be unloaded since an image still holds
 * them. */
bool stress_load(void);
bool stress_unload(void);
struct object *stress_object(u32 task);

/* One random attachment or detachment by a task, 0 .. STRESS_TASKS - 1; nothing of it stays after release. */
void stress_step(u32 task, struct stress_random *r);
void stress_release(u32 task);

/* The hooks of holding h on test functions; for phases in which exactly that is attached. */
void stress_make_hooks(struct holding *h, enum hook_kind kind, bool session);

/* What a hook or a pause may find that must not be. */
enum stress_wrong {
	WRONG_SESSION,
	WRONG_FTRACE,
	WRONG_KPROBE,
	WRONG_RETURN,
	WRONG_GRAPH,
	WRONG_TASK,
	STRESS_WRONGS
};

/* Since boot. */
struct stress_counts {
	u64 attached[WAYS], detached, refused, toggles, hits;
	u64 wrong[STRESS_WRONGS];
};
extern struct stress_counts stress_counts; /* changed atomically */

/* --- stress_calls.c --- */

/* Calls every test function once with checks of arguments and results. */
void stress_call_all(u64 x);
u32 stress_function_count(void);
struct site *stress_function(u32 i);
bool stress_is_function(uptr ip);

/* Whether the callers of this function expect that a hook returns STRESS_REPLACED in the place of the
 * result. */
#define STRESS_REPLACED 0x1234567890ull
bool stress_may_replace(uptr ip);

struct stress_calls {
	u64 calls, entries, exits, mods, replaced, wrong;
};
extern struct stress_calls stress_calls; /* changed atomically */

/* --- stress_watchdog.c --- */

/* Without a stress_progress for a minute the machine panics and shows what every CPU does. */
void stress_watch(void);
void stress_unwatch(void);
void stress_progress(void);

/* Prints where every task sleeps. */
void stress_tell_of_tasks(void);
