/* SPDX-License-Identifier: MIT */
/* Watches the five bytes of a site change to an empty hook and back: what they are behind each step of both
 * pokes (tramp/text/poke.c), and which CPUs trapped. */
#pragma once
#include "kernel/cpu/smp.h"
#include "tramp/text/site.h"

/* What a CPU does that comes by a site behind a step. */
enum arrival { DOES_OLD, TRAPS, DOES_NEW };

/* Step 0 is what was there before the poke, 1 to 7 are its steps, 8 is what is there after it. */
enum { POKE_BEFORE = 0, POKE_AFTER = 8, POKE_STEPS };
struct poke_step {
	const char *name;
	enum arrival arrival;
};
extern const struct poke_step poke_steps[POKE_STEPS];

/* What was seen behind a step, and since the step before. */
struct poke_seen {
	u8 bytes[SITE_LEN];
	u64 traps, syncs;
	u64 late;         /* of the traps, those while the step was held open */
	u32 cpus;         /* that have trapped, a bit each */
	u32 on[MAX_CPUS]; /* the traps of each CPU */
};

struct poke_watch {
	struct poke_seen seen[2][POKE_STEPS]; /* of the poke to the hook, and of the one back */
	char insns[3][80];                    /* what the site held before, between and after them */

	/* poke_watch.c's */
	const struct site *site;
	u32 poke;                   /* 0 or 1: in progress */
	u64 syncs, traps[MAX_CPUS]; /* since boot; more belong to the next step */
};

/* Each step is held open so long, and one with an int3 until every CPU has trapped, but not longer than
 * that. */
enum { POKE_HOLD_MS = 20, POKE_HOLD_MOST_MS = 100 };

/* Attaches an empty hook as attach_progs does, or an empty callback if ftrace has the site, and detaches it.
 * Then all is as before. Where several users share the site by ftrace's common caller, no byte changes. Stores
 * what was seen in w, which may be uninitialised. EINVAL: the site does not hold what it should; and what
 * tramp_add and register_ftrace_function refuse. */
enum err poke_watch(struct poke_watch *w, struct site *site, struct strbuf *log);
