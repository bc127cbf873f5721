/* SPDX-License-Identifier: MIT */
/* The list of registered ops, which the common callers walk without a lock, with preemption off.
 *
 * How an ops is registered (1, 2), unregistered (3 to 7) and changed (8). tests/models/ops.pml proves it; the
 * files beside it show what breaks without each step.
 *   1. The sites of its filter's functions call its own caller; those that another ops has too, a common one.
 *   2. It becomes the last of the list: first its next is the end, then the one before it points to it.
 *   3. Its sites call other code, so that no CPU enters its own caller any more.
 *   4. It is taken off the list, but still points to the next one: a CPU that is at it reaches all that
 *      follow.
 *   5. Wait until no CPU and no task is in its own caller (tramp/image.h).
 *   6. Wait until every CPU has had preemption on since step 4: then no CPU is at it. A CPU that walks the
 *      list is at every ops once, not only at those that it calls.
 *   7. Now its filter is freed; the ops can be freed, or registered again.
 *   8. A changed filter is a new one. The old one is freed when every CPU has had preemption on since. */
#pragma once
#include "tramp/ftrace/ftrace.h"

/* The function that a caller calls for ops: its func; with FTRACE_OPS_RECURSION, a guard that calls func. */
ftrace_func_t *ftrace_entry_func(const struct ftrace_ops *ops);

/* The list function, which a common caller calls: calls every ops of the list whose filter has ip, in the
 * order of registration. Preemption is off. notrace */
void ftrace_call_list(uptr ip, uptr parent_ip, struct ftrace_ops *none, struct pt_regs *regs);

/* Steps 2 and 4. The caller holds tramp_lock. */
void ftrace_enlist(struct ftrace_ops *ops);
void ftrace_unlist(struct ftrace_ops *ops);
