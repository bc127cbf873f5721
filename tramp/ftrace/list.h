/* SPDX-License-Identifier: MIT */
/* The list of registered ops, which the common callers walk without a lock, with preemption off.
 *
 * How an ops comes and goes; tests/models/ops.pml proves it, and beside it stands what breaks without each
 * step.
 *   1. The functions of its filter lead to its own caller; those that another ops has, too, to a common one.
 *   2. It becomes the last of the list: first the end is behind it, then it is behind another.
 *   3. Its functions lead elsewhere, so that no CPU enters its own caller any more.
 *   4. It is taken out of the list, but goes on pointing at what is behind it: so a CPU that stands on it
 *      reaches everything that follows.
 *   5. No CPU and no task is in its own caller any more (tramp/image.h).
 *   6. Every CPU has had preemption on since step 4, so none stands on it. A CPU that walks the list stands
 *      on every ops, not only on those that it calls.
 *   7. Only now its filter is freed, and it may be freed, or listed again.
 *   8. A changed filter is another one; the old one is freed when every CPU has had preemption on since. */
#pragma once
#include "tramp/ftrace/ftrace.h"

/* What a caller calls for one ops: its func, behind a guard if it has FTRACE_OPS_RECURSION. */
ftrace_func_t *ftrace_entry_func(const struct ftrace_ops *ops);

/* What a common caller calls: tells every ops of the list whose filter has ip, in the order of registration.
 * Preemption is off. notrace */
void ftrace_call_list(uptr ip, uptr parent_ip, struct ftrace_ops *none, struct pt_regs *regs);

/* Steps 2 and 4. The caller holds tramp_lock. */
void ftrace_enlist(struct ftrace_ops *ops);
void ftrace_unlist(struct ftrace_ops *ops);
