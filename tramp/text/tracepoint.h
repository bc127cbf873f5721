/* SPDX-License-Identifier: MIT */
/* Turns static tracepoints (kernel/trace/tracepoint.h) on and off.
 *
 *  - tracepoint_enable makes the kernel call the function at tp->site. A hook there receives the calls.
 *  - Add the hook before enabling, and disable before removing it.
 *  - The caller of enable and disable holds tramp_lock. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/trace/tracepoint.h"

/* Once, after site_init. Checks the compiler's table, and panics if it is wrong: every branch holds the nop,
 * jumps within its function and is no site; every tracepoint has a branch; its function has a site. */
void tracepoint_init(void);

/* All tracepoints, in no particular order. tracepoint_named returns NULL if none has the name. */
u32 tracepoint_count(void);
struct tracepoint *tracepoint_nth(u32 i);
struct tracepoint *tracepoint_named(const char *name);

/* Each enable needs one disable. The first enable and the last disable poke all branches in one batch.
 * EINVAL, with a sentence, if a branch does not hold what it should; nothing has changed then. Need no
 * memory. After disable, a task that was preempted at a branch may still call the function. */
enum err tracepoint_enable(struct tracepoint *tp, struct strbuf *log);
enum err tracepoint_disable(struct tracepoint *tp, struct strbuf *log);

/* Every branch of every tracepoint, 0 .. count - 1. */
u32 tracepoint_branch_count(void);
const struct tracepoint_branch *tracepoint_branch_nth(u32 i);
