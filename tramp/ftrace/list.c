// SPDX-License-Identifier: MIT
// Walks the list of registered ops, and changes it while other CPUs walk it.
#include "tramp/ftrace/list.h"
#include "kernel/sched/sched.h"
#include "tramp/ftrace/hash.h"

static struct ftrace_ops *ops_list; /* in order of registration */

/* One bit for each context that can interrupt the one before it. SOFTIRQ_OFFSET is set while softirqs run. */
static notrace u8 context_bit(void)
{
	u32 count = preempt_count();
	if (in_nmi())
		return 8;
	if (in_hardirq())
		return 4;
	return count & SOFTIRQ_OFFSET ? 2 : 1;
}

/* Not atomic: a context that interrupts this one clears its own bit again before it ends. */
static notrace void call_guarded(uptr ip, uptr parent_ip, struct ftrace_ops *ops, struct pt_regs *regs)
{
	u8 *active = &ops->active[smp_processor_id()];
	u8 bit = context_bit();

	if (read_once(*active) & bit) {
		__atomic_fetch_add(&ops->missed, 1, __ATOMIC_RELAXED);
		return;
	}
	write_once(*active, *active | bit);
	ops->func(ip, parent_ip, ops, regs);
	write_once(*active, *active & ~bit);
}

notrace ftrace_func_t *ftrace_entry_func(const struct ftrace_ops *ops)
{
	return ops->flags & FTRACE_OPS_RECURSION ? call_guarded : ops->func;
}

notrace bool ftrace_wants(const struct ftrace_ops *ops, uptr ip)
{
	return ftrace_hash_has(__atomic_load_n(&ops->hash, __ATOMIC_ACQUIRE), ip);
}

notrace void ftrace_call_list(uptr ip, uptr parent_ip, struct ftrace_ops *none unused, struct pt_regs *regs)
{
	struct ftrace_ops *o = __atomic_load_n(&ops_list, __ATOMIC_ACQUIRE);
	for (; o; o = __atomic_load_n(&o->next, __ATOMIC_ACQUIRE))
		if (ftrace_wants(o, ip))
			ftrace_entry_func(o)(ip, parent_ip, o, regs);
}

struct ftrace_ops *ftrace_next_ops(struct ftrace_ops *ops)
{
	return ops ? ops->next : ops_list;
}

struct ftrace_ops *ftrace_owner(const struct site *site, u32 flags)
{
	struct ftrace_ops *o = ops_list;
	while (o && ((o->flags & flags) != flags || !ftrace_wants(o, site->addr)))
		o = o->next;
	return o;
}

void ftrace_enlist(struct ftrace_ops *ops)
{
	struct ftrace_ops **at = &ops_list;
	while (*at)
		at = &(*at)->next;
	ops->next = NULL;
	__atomic_store_n(at, ops, __ATOMIC_RELEASE);
}

void ftrace_unlist(struct ftrace_ops *ops)
{
	struct ftrace_ops **at = &ops_list;
	while (*at != ops)
		at = &(*at)->next;
	__atomic_store_n(at, ops->next, __ATOMIC_RELEASE);
}
