// SPDX-License-Identifier: MIT
// Decides which of ftrace's callers each site calls, and pokes the sites.
//
// Order of a change: first all that can fail (checks, memory, the callers' images), then one batch of pokes
// for all sites, then the list. A function's first ops is called by its own caller, which reads no list. So
// the ops need not be on the list while the site leads to it.
#include "tramp/ftrace/sites.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/trap.h"
#include "kernel/lib/mem.h"
#include "tramp/ftrace/caller.h"
#include "tramp/ftrace/list.h"
#include "tramp/ftrace/share.h"
#include "tramp/text/audit.h"
#include "tramp/tramp.h"

static struct image *plain_caller, *regs_caller;

/* The full-register caller calls this, and then goes to the address in orig_ax if that is not 0. */
static notrace void call_list_and_direct(uptr ip, uptr parent_ip, struct ftrace_ops *none,
					 struct pt_regs *regs)
{
	ftrace_call_list(ip, parent_ip, none, regs);
	regs->orig_ax = read_once(site_at(ip)->direct);
}

static enum err write_caller(struct code *c, void *g)
{
	return ftrace_gen_caller(c, g);
}

/* Returns NULL if there is no memory. */
static struct image *make_caller(const char *prefix, const char *name, struct ftrace_gen *g)
{
	return image_make(prefix, name, FTRACE_CALLER_MAX, write_caller, g);
}

enum err ftrace_make_caller(struct ftrace_ops *ops, struct strbuf *log)
{
	struct ftrace_gen g = { .regs = ops->flags & FTRACE_OPS_SAVE_REGS, .ops = ops };

	g.func = (uptr)ftrace_entry_func(ops);
	ops->own = make_caller("ftrace_trampoline_", ops->name, &g);
	if (!ops->own)
		return str_refuse(log, ENOMEM, "no memory for the caller of %s", ops->name);
	image_hold(ops->own, &ops->images);
	return OK;
}

/* The caller that the site must call when ops has joined or left it (NULL: as things are): 0 if no ops has
 * it; the own caller of the only ops; a common one for several, or if the site is shared with BPF. */
static uptr choose_caller(const struct site *site, const struct ftrace_ops *ops, bool join)
{
	const struct ftrace_ops *last = join ? ops : NULL;
	u32 users = join, flags = last ? last->flags : 0;

	for (const struct ftrace_ops *o = ftrace_next_ops(NULL); o; o = o->next) {
		if (o == ops || !ftrace_wants(o, site->addr))
			continue;
		users++;
		flags |= o->flags;
		last = o;
	}
	if (!users)
		return 0;
	if (users == 1 && !site->tramp)
		return last->own->text.base;
	return flags & FTRACE_OPS_SAVE_REGS || site->tramp ? regs_caller->text.base : plain_caller->text.base;
}

/* Stores what the site holds while it calls `caller`. If that is 0: what BPF wants there, or the nop. */
static void bytes_for(const struct site *site, uptr caller, u8 bytes[SITE_LEN])
{
	if (caller)
		poke_make_call(bytes, site->addr, caller);
	else
		tramp_site_bytes(site, bytes);
}

void ftrace_site_bytes(const struct site *site, u8 bytes[SITE_LEN])
{
	bytes_for(site, site->ftrace, bytes);
}

/* Adds the change of site to the batch, unless its bytes stay the same. Returns the new count. */
static u32 add_poke(struct poke *batch, u32 count, const struct site *site, uptr caller)
{
	struct poke *p = &batch[count];
	p->addr = site->addr;
	ftrace_site_bytes(site, p->old);
	bytes_for(site, caller, p->new);
	return count + (memcmp(p->old, p->new, SITE_LEN) != 0);
}

enum err ftrace_change_sites(struct ftrace_ops *ops, struct ftrace_hash *h, bool join, struct strbuf *log)
{
	enum err e = OK;
	u32 count = 0;
	uptr ip;

	for (u32 i = 0; join && !e && ftrace_hash_next(h, &i, &ip);)
		e = share_make_room(site_at(ip), ops, log);
	for (u32 i = 0; !e && ftrace_hash_next(h, &i, &ip);)
		count = add_poke(h->batch, count, site_at(ip), choose_caller(site_at(ip), ops, join));
	if (!e)
		e = poke_batch(h->batch, count, log);
	for (u32 i = 0; !e && ftrace_hash_next(h, &i, &ip);)
		site_at(ip)->ftrace = choose_caller(site_at(ip), ops, join);
	return e;
}

/* Makes the site call what it must, now that BPF shares it or has left it. */
static enum err refresh(struct site *site, struct strbuf *log)
{
	uptr caller = choose_caller(site, NULL, false);
	struct poke p;
	enum err e = poke_batch(&p, add_poke(&p, 0, site, caller), log);

	if (!e)
		site->ftrace = caller;
	return e;
}

static enum err make_room(struct site *site, struct strbuf *log)
{
	enum err e = site->ftrace ? share_check_bpf(site, log) : OK;
	return e || !site->ftrace ? e : refresh(site, log);
}

static void bpf_left(struct site *site)
{
	char text[160];
	struct strbuf ignored = STRBUF(text);
	if (site->ftrace)
		refresh(site, &ignored); /* on failure the shared caller stays, which works too */
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
	static const struct tramp_neighbour ftrace = { .make_room = make_room, .left = bpf_left };
	static struct audit_source of_callers = { .explain = explain_callers };
	plain_caller =
	    make_caller("", "ftrace_caller", &(struct ftrace_gen){ .func = (uptr)ftrace_call_list });
	regs_caller = make_caller("", "ftrace_regs_caller",
				  &(struct ftrace_gen){ .regs = true, .func = (uptr)call_list_and_direct });
	if (!plain_caller || !regs_caller)
		panic("ftrace: no memory for its callers");
	image_reached_through(&regs_caller->text);
	audit_explain(&of_callers);
	tramp_set_neighbour(&ftrace);
}
