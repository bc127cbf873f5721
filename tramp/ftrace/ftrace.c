// SPDX-License-Identifier: MIT
// Registers and unregisters an ops, in the steps of list.h.
#include "tramp/ftrace/ftrace.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "tramp/ftrace/list.h"
#include "tramp/ftrace/sites.h"
#include "tramp/tramp.h"

static enum err check_ops(const struct ftrace_ops *ops, struct strbuf *log)
{
	if (ops->registered)
		return str_refuse(log, EEXIST, "%s is registered already", ops->name);
	if (ftrace_filter_count(ops) == 0)
		return str_refuse(log, EINVAL, "%s has no functions in its filter", ops->name);
	if ((ops->flags & FTRACE_OPS_IPMODIFY) && !(ops->flags & FTRACE_OPS_SAVE_REGS))
		return str_refuse(
		    log, EINVAL, "%s changes regs->ip, which only the full-register caller obeys", ops->name);
	return OK;
}

static enum err register_locked(struct ftrace_ops *ops, struct strbuf *log)
{
	enum err e = check_ops(ops, log);
	if (!e)
		e = ftrace_make_caller(ops, log);
	if (e)
		return e;
	e = ftrace_change_sites(ops, ops->hash, true, log); /* step 1 */
	if (e) {
		image_discard(ops->own);
		ops->own = NULL;
		return e;
	}
	ops->registered = true;
	ftrace_enlist(ops); /* step 2 */
	return OK;
}

/* Steps 5 and 6. The wait is short: no task sleeps in ops' own caller or while it walks the list. */
static void wait_until_unused(struct ftrace_ops *ops)
{
	image_retire(ops->own);
	image_reap();
	ops->own = NULL;
	while (__atomic_load_n(&ops->images, __ATOMIC_ACQUIRE)) {
		msleep(1);
		image_reap();
	}
	synchronize_rcu();
}

static enum err unregister_locked(struct ftrace_ops *ops, struct strbuf *log)
{
	enum err e;
	if (!ops->registered)
		return str_refuse(log, ENOENT, "%s is not registered", ops->name);
	e = ftrace_change_sites(ops, ops->hash, false, log); /* step 3 */
	if (e)
		return e;
	ftrace_unlist(ops); /* step 4 */
	ops->registered = false;
	wait_until_unused(ops);  /* steps 5 and 6 */
	ftrace_free_filter(ops); /* step 7 */
	return OK;
}

enum err register_ftrace_function(struct ftrace_ops *ops, struct strbuf *log)
{
	tramp_lock();
	enum err e = register_locked(ops, log);
	tramp_unlock();
	return e;
}

enum err unregister_ftrace_function(struct ftrace_ops *ops, struct strbuf *log)
{
	tramp_lock();
	enum err e = unregister_locked(ops, log);
	tramp_unlock();
	return e;
}
