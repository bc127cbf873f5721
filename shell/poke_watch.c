// SPDX-License-Identifier: MIT
// Holds each step of a poke open, and notes what can be seen meanwhile.
#include "shell/poke_watch.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "shell/show.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/text/poke.h"
#include "tramp/tramp.h"

const struct poke_step poke_steps[POKE_STEPS] = {
	{ "before", DOES_OLD },       { "1 compare", DOES_OLD },  { "2 publish", DOES_OLD },
	{ "3 int3", TRAPS },          { "4 tail", TRAPS },        { "5 head", DOES_NEW },
	{ "6 head again", DOES_NEW }, { "7 withdraw", DOES_NEW }, { "after", DOES_NEW },
};

/* For the observer. task: others may poke, too. */
static struct poke_watch *watch;
static const struct task_struct *watcher;

/* Returns how many traps were new. */
static u64 count_more(struct poke_watch *w, struct poke_seen *s)
{
	u64 syncs = poke_stats().syncs, before = s->traps;
	s->syncs += syncs - w->syncs;
	w->syncs = syncs;
	for (u32 i = 0; i < cpu_count(); i++) {
		u64 traps = poke_traps_on(i), more = traps - w->traps[i];
		s->traps += more;
		s->on[i] += (u32)more;
		s->cpus |= (u32)(more != 0) << i;
		w->traps[i] = traps;
	}
	return s->traps - before;
}

static struct poke_seen *look(struct poke_watch *w, u32 step)
{
	struct poke_seen *s = &w->seen[w->poke][step];
	memcpy(s->bytes, (const void *)w->site->addr, SITE_LEN);
	count_more(w, s);
	return s;
}

/* The observer of poke_observe. */
static void hold_open(u32 step)
{
	if (current != watcher)
		return;
	struct poke_seen *s = look(watch, step);
	u32 most = poke_steps[step].arrival == TRAPS ? POKE_HOLD_MOST_MS : POKE_HOLD_MS;
	for (u32 ms = 0; ms < most; ms += POKE_HOLD_MS) {
		msleep(POKE_HOLD_MS);
		s->late += count_more(watch, s);
		if ((u32)__builtin_popcount(s->cpus) == cpu_count())
			break;
	}
}

static notrace u64 do_nothing(const u64 *context unused)
{
	return 0;
}

static notrace void call_nothing(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
				 struct pt_regs *regs unused)
{
}

static struct ftrace_ops empty_ops = { .func = call_nothing, .name = "poke" };
static u32 hook_users;
static u64 hook_counts;
static const struct hook empty_hook = { .kind = HOOK_FENTRY,
					.code = (uptr)do_nothing,
					.name = "poke",
					.owner = &hook_users,
					.users = &hook_users,
					.runs = &hook_counts,
					.ticks = &hook_counts };

static enum err attach_ops(const struct site *site, struct strbuf *log)
{
	enum err e = ftrace_set_filter_ip(&empty_ops, site->addr, false, log);
	e = e ? e : register_ftrace_function(&empty_ops, log);
	if (e)
		ftrace_free_filter(&empty_ops);
	return e;
}

static enum err attach_nothing(struct site *site, struct strbuf *log)
{
	if (site->ftrace)
		return attach_ops(site, log);
	tramp_lock();
	enum err e = tramp_add(&site, 1, &empty_hook, 1, log);
	tramp_unlock();
	return e;
}

static enum err detach_nothing(struct site *site, struct strbuf *log)
{
	if (empty_ops.registered)
		return unregister_ftrace_function(&empty_ops, log);
	tramp_lock();
	enum err e = tramp_remove(&site, 1, &hook_users, log);
	tramp_unlock();
	return e;
}

static void note_insn(struct poke_watch *w, u32 which)
{
	struct strbuf s = STRBUF(w->insns[which]);
	show_insn(&s, (const u8 *)w->site->addr, SITE_LEN, w->site->addr);
	if (strncmp(s.buf, "nop ", 4) == 0)
		str_cut(&s, 3); /* without its operand, which means nothing */
}

/* One of the two pokes. */
static enum err change(struct poke_watch *w, u32 poke, struct site *site,
		       enum err (*make)(struct site *site, struct strbuf *log), struct strbuf *log)
{
	w->poke = poke;
	look(w, POKE_BEFORE);
	enum err e = make(site, log);
	look(w, POKE_AFTER);
	note_insn(w, poke + 1);
	return e;
}

enum err poke_watch(struct poke_watch *w, struct site *site, struct strbuf *log)
{
	*w = (struct poke_watch){ .site = site };
	count_more(w, &(struct poke_seen){ 0 }); /* what was before does not count */
	note_insn(w, 0);
	watch = w;
	watcher = current;
	poke_observe(hold_open);
	enum err e = change(w, 0, site, attach_nothing, log);
	e = e ? e : change(w, 1, site, detach_nothing, log);
	poke_observe(NULL);
	return e;
}
