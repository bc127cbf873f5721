/* SPDX-License-Identifier: MIT */
/* What a trampoline calls, and all that planner and generator need to know about it. */
#pragma once
#include "kernel/lib/types.h"

enum hook_kind {
	HOOK_FENTRY,   /* before the function's body */
	HOOK_FMOD_RET, /* then these; a result other than 0 takes the place of the body */
	HOOK_FEXIT,    /* after it */
};

struct hook {
	enum hook_kind kind;
	bool session; /* one of a pair, FENTRY and FEXIT, that shares a word from call to return */
	uptr code;    /* called by the C convention of the CPU, like u64 f(const u64 *context) */
	const char *name;
	void *owner;       /* tells hooks apart; the attacher's */
	u32 *users;        /* counts the images that can call it; the code must live until it is 0 */
	u64 cookie;        /* the attacher's, for the hook to read below its context */
	u64 *runs, *ticks; /* never NULL: its cost, counted while statistics are on; changed atomically */

	/* Facts by which the plan leaves out what the hook does not need. */
	u32 header_words; /* how many words below the context it reads, as plan.h draws them */
	bool guarded;     /* it can call traced code, so it must not run inside itself */
	bool per_cpu;     /* must stay on its CPU while it runs; so must every guarded hook */
	bool may_sleep;   /* it stays on its CPU by migrate_disable, and other tasks may run there */
	u32 active_slot;  /* guarded: its counter in struct cpu */
	u64 *missed;      /* guarded: counts the runs that were skipped */
};
