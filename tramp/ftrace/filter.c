// SPDX-License-Identifier: MIT
// Changes the functions that an ops wants, before it is registered and while it is.
#include "kernel/cpu/panic.h"
#include "tramp/ftrace/sites.h"
#include "tramp/tramp.h"

u32 ftrace_filter_count(const struct ftrace_ops *ops)
{
	return ops->hash ? ops->hash->count : 0;
}

/* Returns those of ips that change the filter: those that it lacks or, for a removal, those that it has. NULL
 * if there is no memory. */
static struct ftrace_hash *difference(const struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove)
{
	struct ftrace_hash *h = ftrace_hash_new(count);
	for (u32 i = 0; h && i < count; i++)
		if (ftrace_wants(ops, ips[i]) == remove)
			ftrace_hash_add(h, ips[i]);
	return h;
}

/* Returns the filter after the change, NULL if there is no memory. */
static struct ftrace_hash *changed_filter(const struct ftrace_ops *ops, const struct ftrace_hash *diff,
					  bool remove)
{
	u32 count = ftrace_filter_count(ops);
	struct ftrace_hash *h = ftrace_hash_new(remove ? count : count + diff->count);
	uptr ip;
	for (u32 i = 0; h && ftrace_hash_next(ops->hash, &i, &ip);)
		if (!remove || !ftrace_hash_has(diff, ip))
			ftrace_hash_add(h, ip);
	for (u32 i = 0; h && !remove && ftrace_hash_next(diff, &i, &ip);)
		ftrace_hash_add(h, ip);
	return h;
}

static enum err set_filter(struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove,
			   struct strbuf *log)
{
	struct ftrace_hash *old = ops->hash, *diff = difference(ops, ips, count, remove);
	struct ftrace_hash *new = diff ? changed_filter(ops, diff, remove) : NULL;
	enum err e = OK;

	if (!new)
		e = str_refuse(log, ENOMEM, "no memory for the filter of %s", ops->name);
	else if (ops->registered)
		e = ftrace_change_sites(ops, diff, !remove, log);
	if (!e) {
		__atomic_store_n(&ops->hash, new, __ATOMIC_RELEASE); /* step 8 */
		ftrace_hash_free_later(old);
	} else {
		ftrace_hash_free(new);
	}
	ftrace_hash_free(diff);
	return e;
}

static enum err check_ips(const uptr *ips, u32 count, struct strbuf *log)
{
	for (u32 i = 0; i < count; i++)
		if (!site_at(ips[i]))
			return str_refuse(log, EINVAL,
					  "%#lx is not the entry of a function that can be traced", ips[i]);
	return OK;
}

enum err ftrace_set_filter_ips(struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove,
			       struct strbuf *log)
{
	enum err e;

	tramp_lock();
	e = check_ips(ips, count, log);
	if (!e)
		e = set_filter(ops, ips, count, remove, log);
	tramp_unlock();
	return e;
}

enum err ftrace_set_filter_ip(struct ftrace_ops *ops, uptr ip, bool remove, struct strbuf *log)
{
	return ftrace_set_filter_ips(ops, &ip, 1, remove, log);
}

void ftrace_free_filter(struct ftrace_ops *ops)
{
	struct ftrace_hash *h = ops->hash;
	assert(!ops->registered);
	ops->hash = NULL;
	ftrace_hash_free(h); /* no CPU reads the filter of an ops that is not on the list */
}
