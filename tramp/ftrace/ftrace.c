// SPDX-License-Identifier: MIT
// Which site calls which of ftrace's callers, and who is called from there.
//
// Order of a change: everything that can fail (checks, memory, the callers' images), then one batch of pokes
// for all sites, then what the list function sees. A function's first ops is called by its own caller, which
// asks nobody; so it needs not be in the list yet, or any more, when the site leads to it.
#include "tramp/ftrace/ftrace.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/audit.h"
#include "tramp/ftrace/caller.h"
#include "tramp/ftrace/hash.h"
#include "tramp/ftrace/list.h"
#include "tramp/ftrace/share.h"
#include "tramp/tramp.h"

static struct image *plain_caller, *regs_caller;

/* --- Called by the callers, with preemption off ----------------------------------------------------------- */

/* The caller goes on to orig_ax, if it is not 0. */
static notrace void call_list_and_direct(uptr ip, uptr parent_ip, struct ftrace_ops *none,
					 struct pt_regs *regs)
{
	ftrace_call_list(ip, parent_ip, none, regs);
	regs->orig_ax = read_once(site_at(ip)->direct);
}

/* --- Callers ---------------------------------------------------------------------------------------------- */

static enum err write_caller(struct code *c, void *g)
{
	return ftrace_gen_caller(c, g);
}

/* NULL if there is no memory. */
static struct image *make_caller(const char *prefix, const char *name, struct ftrace_gen *g)
{
	return image_make(prefix, name, FTRACE_CALLER_MAX, write_caller, g);
}

static enum err make_own_caller(struct ftrace_ops *ops, struct strbuf *log)
{
	struct ftrace_gen g = { .regs = ops->flags & FTRACE_OPS_SAVE_REGS, .ops = ops };

	g.func = (uptr)ftrace_entry_func(ops);
	ops->own = make_caller("ftrace_trampoline_", ops->name, &g);
	if (!ops->own)
		return str_refuse(log, ENOMEM, "no memory for the caller of %s", ops->name);
	image_hold(ops->own, &ops->images);
	return OK;
}

static void explain_callers(void)
{
	for (u32 i = 0; i < site_count(); i++) {
		u8 bytes[SITE_LEN];
		if (!site_nth(i)->ftrace)
			continue;
		ftrace_site_bytes(site_nth(i), bytes);
		audit_place(site_nth(i)->addr, bytes, SITE_LEN);
	}
}

void ftrace_init(void)
{
	static struct audit_source of_callers = { .explain = explain_callers };
	audit_explain(&of_callers);
	plain_caller =
	    make_caller("", "ftrace_caller", &(struct ftrace_gen){ .func = (uptr)ftrace_call_list });
	regs_caller = make_caller("", "ftrace_regs_caller",
				  &(struct ftrace_gen){ .regs = true, .func = (uptr)call_list_and_direct });
	if (!plain_caller || !regs_caller)
		panic("ftrace: no memory for its callers");
	image_reached_through(&regs_caller->text);
}

/* --- Sites ------------------------------------------------------------------------------------------------ */

static struct ftrace_ops *owner_besides(const struct site *site, const struct ftrace_ops *not_this)
{
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o))
		if (o != not_this && ftrace_wants(o, site->addr))
			return o;
	return NULL;
}

struct ftrace_ops *ftrace_owner(const struct site *site)
{
	return owner_besides(site, NULL);
}

/* What the site holds while it calls `caller`; 0: what BPF wants there, or the nop. */
static void bytes_for(const struct site *site, uptr caller, u8 bytes[SITE_LEN])
{
	if (caller)
		poke_make_call(bytes, site->addr, caller);
	else
		tramp_site_bytes(site, bytes);
}

void ftrace_site_bytes(const struct site *site, u8 bytes[SITE_LEN])
{
	bytes_for(site, site->ftrace->caller, bytes);
}

const char *ftrace_caller_name(const struct site *site)
{
	return text_find(site->ftrace->caller)->name;
}

/* For a site with so many users, of which only is the only one if there is one. */
static uptr caller_for(u32 users, u32 regs_users, bool shared, const struct ftrace_ops *only)
{
	if (users == 0)
		return 0;
	if (users == 1 && !shared)
		return only->own->text.base;
	return regs_users || shared ? regs_caller->text.base : plain_caller->text.base;
}

/* What the site will call when ops has joined or left it. */
static uptr caller_after(const struct site *site, struct ftrace_ops *ops, bool join)
{
	const struct ftrace_site *fs = site->ftrace;
	u32 regs = ops->flags & FTRACE_OPS_SAVE_REGS ? 1 : 0;

	if (join)
		return caller_for(fs->users + 1, fs->regs_users + regs, site->tramp, ops);
	return caller_for(fs->users - 1, fs->regs_users - regs, site->tramp, owner_besides(site, ops));
}

static enum err check_ipmodify(const struct site *site, const struct ftrace_ops *ops, struct strbuf *log)
{
	if (!(ops->flags & FTRACE_OPS_IPMODIFY))
		return OK;
	for (struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = ftrace_next_ops(o)) {
		if (!(o->flags & FTRACE_OPS_IPMODIFY) || !ftrace_wants(o, site->addr))
			continue;
		return str_refuse(log, EBUSY, "%s is replaced by %s already, and only one can do that",
				  site->title, o->name);
	}
	return OK;
}

static enum err claim_site(struct site *site, const struct ftrace_ops *ops, struct strbuf *log)
{
	enum err e = check_ipmodify(site, ops, log);
	if (!e)
		e = share_check_ftrace(site, ops->flags & FTRACE_OPS_IPMODIFY, log);
	if (e || site->ftrace)
		return e;
	site->ftrace = kzalloc(sizeof(*site->ftrace));
	if (site->ftrace)
		return OK;
	return str_refuse(log, ENOMEM, "no memory to trace %s", site->title);
}

/* Of sites that nobody has (any more, or yet). */
static void release_sites(const struct ftrace_hash *h)
{
	uptr ip;
	for (u32 i = 0; ftrace_hash_next(h, &i, &ip);) {
		struct site *site = site_at(ip);
		if (!site->ftrace || site->ftrace->users)
			continue;
		kfree(site->ftrace);
		site->ftrace = NULL;
	}
}

static enum err claim_sites(const struct ftrace_ops *ops, const struct ftrace_hash *h, struct strbuf *log)
{
	enum err e = OK;
	uptr ip;
	for (u32 i = 0; !e && ftrace_hash_next(h, &i, &ip);)
		e = claim_site(site_at(ip), ops, log);
	if (e)
		release_sites(h);
	return e;
}

static enum err poke_sites(struct ftrace_ops *ops, struct ftrace_hash *h, bool join, struct strbuf *log)
{
	u32 count = 0;
	uptr ip;
	for (u32 i = 0; ftrace_hash_next(h, &i, &ip);) {
		struct poke *p = &h->batch[count];
		const struct site *site = site_at(ip);
		p->addr = ip;
		ftrace_site_bytes(site, p->old);
		bytes_for(site, caller_after(site, ops, join), p->new);
		count += memcmp(p->old, p->new, SITE_LEN) != 0;
	}
	return poke_batch(h->batch, count, log);
}

static void count_users(struct ftrace_ops *ops, const struct ftrace_hash *h, bool join)
{
	uptr ip;
	for (u32 i = 0; ftrace_hash_next(h, &i, &ip);) {
		struct site *site = site_at(ip);
		struct ftrace_site *fs = site->ftrace;
		u32 one = join ? 1 : -1u;
		fs->caller = caller_after(site, ops, join);
		fs->users += one;
		if (ops->flags & FTRACE_OPS_SAVE_REGS)
			fs->regs_users += one;
	}
}

/* ops joins the functions of h, or leaves them. */
static enum err change_sites(struct ftrace_ops *ops, struct ftrace_hash *h, bool join, struct strbuf *log)
{
	enum err e = join ? claim_sites(ops, h, log) : OK;
	if (e)
		return e;
	e = poke_sites(ops, h, join, log);
	if (!e)
		count_users(ops, h, join);
	release_sites(h);
	return e;
}

enum err ftrace_refresh(struct site *site, bool shared, struct strbuf *log)
{
	struct ftrace_site *fs = site->ftrace;
	uptr caller = caller_for(fs->users, fs->regs_users, shared, ftrace_owner(site));
	struct poke p = { .addr = site->addr };
	enum err e = OK;

	ftrace_site_bytes(site, p.old);
	bytes_for(site, caller, p.new);
	if (memcmp(p.old, p.new, SITE_LEN))
		e = poke_batch(&p, 1, log);
	if (!e)
		fs->caller = caller;
	return e;
}

/* --- Filters ---------------------------------------------------------------------------------------------- */

u32 ftrace_filter_count(const struct ftrace_ops *ops)
{
	return ops->hash ? ops->hash->count : 0;
}

/* Those of ips that the filter lacks, or, to be removed, those that it has. */
static struct ftrace_hash *difference(const struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove)
{
	struct ftrace_hash *h = ftrace_hash_new(count);
	for (u32 i = 0; h && i < count; i++)
		if (ftrace_wants(ops, ips[i]) == remove)
			ftrace_hash_add(h, ips[i]);
	return h;
}

/* The filter as it will be. */
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

static enum err apply_filter(struct ftrace_ops *ops, struct ftrace_hash *diff, bool remove,
			     struct strbuf *log)
{
	struct ftrace_hash *old = ops->hash, *new = changed_filter(ops, diff, remove);
	enum err e = OK;

	if (!new)
		return str_refuse(log, ENOMEM, "no memory for the filter of %s", ops->name);
	if (ops->registered)
		e = change_sites(ops, diff, !remove, log);
	if (e) {
		ftrace_hash_free(new);
		return e;
	}
	__atomic_store_n(&ops->hash, new, __ATOMIC_RELEASE); /* step 8 */
	ftrace_hash_free_later(old);
	return OK;
}

static enum err check_ips(const uptr *ips, u32 count, struct strbuf *log)
{
	for (u32 i = 0; i < count; i++) {
		if (site_at(ips[i]))
			continue;
		return str_refuse(log, EINVAL, "%#lx is not the entry of a function that can be traced",
				  ips[i]);
	}
	return OK;
}

enum err ftrace_set_filter_ips(struct ftrace_ops *ops, const uptr *ips, u32 count, bool remove,
			       struct strbuf *log)
{
	struct ftrace_hash *diff;
	enum err e;

	tramp_lock();
	e = check_ips(ips, count, log);
	diff = e ? NULL : difference(ops, ips, count, remove);
	if (!e && !diff) {
		str_printf(log, "no memory for the filter of %s", ops->name);
		e = ENOMEM;
	}
	if (!e && diff->count)
		e = apply_filter(ops, diff, remove, log);
	ftrace_hash_free(diff);
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
	ftrace_hash_free(h); /* no CPU looks at the filter of an ops that is not listed */
}

/* --- Registration ----------------------------------------------------------------------------------------- */

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
		e = make_own_caller(ops, log);
	if (e)
		return e;
	e = change_sites(ops, ops->hash, true, log); /* step 1 */
	if (e) {
		image_discard(ops->own);
		ops->own = NULL;
		return e;
	}
	ops->registered = true;
	ftrace_enlist(ops); /* step 2 */
	return OK;
}

/* Steps 5 and 6. Neither in ops' own caller nor on the list does any task sleep, so the wait is short. */
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
	e = change_sites(ops, ops->hash, false, log); /* step 3 */
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
