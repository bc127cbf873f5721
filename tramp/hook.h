/* SPDX-License-Identifier: MIT */
/* What a trampoline calls, and all that it needs to know about it. */
#pragma once
#include "kernel/lib/types.h"

enum hook_kind { HOOK_FENTRY, HOOK_FEXIT };

struct hook {
	enum hook_kind kind;
	uptr code; /* u64 code(const u64 *context); keeps the callee-saved registers */
	const char *name;
	void *owner; /* the attacher's; tells hooks apart */
	u32 *users;  /* counts the images that can call it; the code must live until it is 0 */

	/* Facts, from which the plan leaves out what a hook does not need. */
	bool guarded;    /* it can run code that is traced, so it must not run inside itself */
	bool per_cpu;    /* must not move to another CPU while it runs; every guarded one is that too */
	u32 active_slot; /* guarded: index into cpu->active[] */
	u64 *missed;     /* guarded: counts the runs that were skipped */
};
