/* SPDX-License-Identifier: MIT */
/* Turning static tracepoints (kernel/trace/tracepoint.h) on and off. A hook on tp->site makes somebody listen;
 * tracepoint_enable makes the kernel speak: add the hook first, and disable before it is removed. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"
#include "kernel/trace/tracepoint.h"

/* Once, after site_init. Checks the table that the compiler made: every branch holds the nop, jumps within
 * its function and is no site; every tracepoint has a branch, and its function a site. Else it panics. */
void tracepoint_init(void);

/* In no particular order; tracepoint_named gives NULL if there is none. */
u32 tracepoint_count(void);
struct tracepoint *tracepoint_nth(u32 i);
struct tracepoint *tracepoint_named(const char *name);

/* The caller holds tramp_lock. Each enable is to be followed by one disable. The first and the last poke all
 * branches, in one batch. EINVAL, with a sentence, if a branch does not hold what it should: then nothing has
 * changed. Needs no memory. When disable returns, a preempted task may still be on its way to the function. */
enum err tracepoint_enable(struct tracepoint *tp, struct strbuf *log);
enum err tracepoint_disable(struct tracepoint *tp, struct strbuf *log);

/* Every branch of every tracepoint, 0 .. count - 1. */
u32 tracepoint_branch_count(void);
const struct tracepoint_branch *tracepoint_branch_nth(u32 i);
