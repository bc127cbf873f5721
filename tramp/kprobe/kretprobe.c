// SPDX-License-Identifier: MIT
// A kprobe at the entry that replaces the return address, and the handler at the return.
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/trap.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/site.h"

static notrace void count_lost(struct kretprobe *rp)
{
	__atomic_fetch_add(&rp->nmissed, 1, __ATOMIC_RELAXED);
}

/* At the site and just behind it, sp points to the return address. */
static notrace void enter_function(struct kprobe *p, struct pt_regs *regs)
{
	static const u64 no_data[RETSTACK_DATA];
	struct kretprobe *rp = container_of(p, struct kretprobe, kp);
	u32 active = __atomic_add_fetch(&rp->active, 1, __ATOMIC_RELAXED);

	if ((rp->maxactive == 0 || active <= rp->maxactive) &&
	    retstack_push(&rp->owner, (uptr *)regs->sp, no_data))
		return;
	__atomic_fetch_sub(&rp->active, 1, __ATOMIC_RELAXED);
	count_lost(rp);
}

static notrace void leave_function(struct ret_owner *o, const struct ret_entry *entry, struct pt_regs *regs)
{
	struct kretprobe *rp = container_of(o, struct kretprobe, owner);
	uptr flags = irq_save();

	if (kprobe_enter()) {
		rp->handler(rp, entry->real, regs);
		kprobe_leave();
	} else {
		count_lost(rp);
	}
	__atomic_fetch_sub(&rp->active, 1, __ATOMIC_RELAXED);
	irq_restore(flags);
}

static enum err check_returns(const struct kprobe *p, struct strbuf *log)
{
	struct sym func;
	bool found = p->symbol ? sym_named(p->symbol, &func) : sym_at(p->addr, &func);
	const struct site *site = found ? site_at(func.addr) : NULL;

	if (!site || !site->no_return)
		return OK;
	return str_refuse(log, EOPNOTSUPP, "%s does not return", func.name);
}

enum err register_kretprobe(struct kretprobe *rp, enum kprobe_how how, struct strbuf *log)
{
	u32 offset = how == KPROBE_INT3 || how == KPROBE_JUMP ? SITE_LEN : 0;
	enum err e = check_returns(&rp->kp, log);

	if (e)
		return e;
	rp->kp.pre_handler = enter_function;
	rp->owner = (struct ret_owner){ .name = rp->kp.name, .returned = leave_function };
	rp->nmissed = rp->active = 0;
	e = retstack_get();
	if (e)
		return str_refuse(log, e, "no memory for shadow stacks");
	if (rp->kp.symbol)
		rp->kp.offset = offset;
	else
		rp->kp.addr += offset;
	e = register_kprobe(&rp->kp, how, log);
	if (!e)
		return OK;
	retstack_put();
	if (!rp->kp.symbol)
		rp->kp.addr -= offset;
	return e;
}

void unregister_kretprobe(struct kretprobe *rp)
{
	unregister_kprobe(&rp->kp);
	retstack_disown(&rp->owner);
	retstack_put();
}
