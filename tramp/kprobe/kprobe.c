// SPDX-License-Identifier: MIT
// Registers and unregisters probes: finds the place, chooses the way, adds and removes.
#include "tramp/kprobe/kprobe.h"
#include "kernel/cpu/ipi.h"
#include "tramp/ftrace/caller.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/image.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/misnamed.h"
#include "tramp/tramp.h"

static enum err find_place(struct kprobe *p, struct sym *func, struct strbuf *log)
{
	if (p->symbol) {
		if (!sym_named(p->symbol, func) || (site_at(func->addr) && !site_named(p->symbol)))
			return site_refuse(p->symbol, log);
		p->addr = func->addr + p->offset;
	} else if (!sym_at(p->addr, func)) {
		return str_refuse(log, ENOENT, "0x%lx lies in no function", p->addr);
	}
	if (p->addr - func->addr >= func->len)
		return str_refuse(log, EINVAL, "%s has only %u bytes", func->name, func->len);
	if (!site_at(func->addr))
		return str_refuse(log, EOPNOTSUPP,
				  "%s cannot be probed: it is notrace or written in assembly", func->name);
	return OK;
}

static enum err check_offset(u32 offset, enum kprobe_how how, struct strbuf *log)
{
	if (offset >= SITE_LEN && how == KPROBE_FTRACE)
		return str_refuse(log, EINVAL, "ftrace has only a function's entry, not what is behind it");
	if (offset && offset < SITE_LEN)
		return str_refuse(log, EINVAL, "the first %u bytes are the site's: offset 0 or %u and up",
				  SITE_LEN, SITE_LEN);
	if (!offset && how != KPROBE_AUTO && how != KPROBE_FTRACE)
		return str_refuse(log, EINVAL,
				  "the entry is the site's; offset %u is the first instruction behind it",
				  SITE_LEN);
	return OK;
}

static void append_probe(struct kprobe_point *pt, struct kprobe *p)
{
	struct kprobe **link = &pt->probes;
	while (*link)
		link = &(*link)->next;
	p->point = pt;
	__atomic_store_n(link, p, __ATOMIC_RELEASE);
}

/* Removes p from its point. On return no hit uses p. */
static void remove_probe(struct kprobe *p)
{
	struct kprobe_point *pt = p->point;
	struct kprobe **link = &pt->probes;
	while (*link != p)
		link = &(*link)->next;
	write_once(*link, p->next);
	p->point = NULL;
	if (pt->probes)
		smp_sync_cores();
	else
		point_drop(pt);
}

static bool must_keep_int3(const struct kprobe_point *pt)
{
	for (const struct kprobe *p = pt->probes; p; p = p->next)
		if (p->keeps_int3)
			return true;
	return false;
}

/* Adds p by int3, then by a jump if `how` allows it. */
static enum err add_inside(struct kprobe *p, const struct sym *func, enum kprobe_how how, struct strbuf *log)
{
	struct kprobe_point *pt = point_find(p->addr);
	enum err e = pt ? OK : point_make(&pt, func, p->addr, log);

	if (e)
		return e;
	append_probe(pt, p);
	if (how == KPROBE_INT3) {
		kprobe_unoptimise(pt);
		return OK;
	}
	struct strbuf why = STRBUF(pt->why);
	pt->why[0] = 0;
	if (must_keep_int3(pt))
		e = str_refuse(&why, EBUSY, "another probe here asked for int3");
	else if (!pt->detour)
		e = kprobe_optimise(pt, &why);
	if (!e || how != KPROBE_JUMP)
		return OK;
	str_puts(log, pt->why);
	remove_probe(p);
	return e;
}

/* Adds p, unless it is at an entry: then register_kprobe calls kprobe_add_entry. */
static enum err add_locked(struct kprobe *p, enum kprobe_how how, struct strbuf *log)
{
	struct sym func;
	enum err e;

	point_reap();
	p->missed = 0;
	p->keeps_int3 = how == KPROBE_INT3;
	p->point = NULL;
	p->ops = NULL;
	p->next = NULL;
	e = find_place(p, &func, log);
	if (!e)
		e = check_offset((u32)(p->addr - func.addr), how, log);
	if (e || p->addr == func.addr)
		return e;
	return add_inside(p, &func, how, log);
}

enum err register_kprobe(struct kprobe *p, enum kprobe_how how, struct strbuf *log)
{
	enum err e;

	tramp_lock();
	e = add_locked(p, how, log);
	tramp_unlock();
	return e || p->point ? e : kprobe_add_entry(p, log);
}

u32 kprobe_reap(void)
{
	u32 waiting;
	tramp_lock();
	image_reap();
	waiting = point_reap();
	tramp_unlock();
	return waiting;
}

void unregister_kprobe(struct kprobe *p)
{
	if (p->ops) {
		kprobe_remove_entry(p);
		return;
	}
	tramp_lock();
	remove_probe(p);
	tramp_unlock();
	kprobe_reap(); /* its detour: most often no CPU is in it */
}

enum kprobe_how kprobe_how(const struct kprobe *p)
{
	if (p->ops)
		return KPROBE_FTRACE;
	return p->point->detour ? KPROBE_JUMP : KPROBE_INT3;
}

const char *kprobe_how_name(enum kprobe_how how)
{
	static const char *const names[] = { "auto", "int3", "jump", "ftrace" }; /* ORDER KPROBE_HOW */
	return names[how];
}

const char *kprobe_why_no_jump(const struct kprobe *p)
{
	return p->point ? p->point->why : "";
}

struct kprobe_cost kprobe_cost(const struct kprobe *p)
{
	const struct kprobe_point *pt = p->point;
	struct kprobe_cost cost;

	if (p->ops) {
		struct ftrace_caller_info info = ftrace_caller_info(true);
		return (struct kprobe_cost){ info.stack, info.registers, p->ops->own->text.len };
	}
	cost = pt->detour ? detour_cost : int3_cost;
	cost.code = pt->detour ? pt->detour->text.len : pt->slot.base ? pt->slot.len : 0;
	return cost;
}
