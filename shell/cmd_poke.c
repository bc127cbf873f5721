// SPDX-License-Identifier: MIT
// The command poke: shows each step of a poke of a function's site, while packets make all CPUs come by.
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86dis.h"
#include "kernel/net/traffic.h"
#include "shell/command.h"
#include "shell/json.h"
#include "shell/poke_watch.h"
#include "shell/show.h"
#include "shell/table.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/text/poke.h"

/* Checked first, so that a site that cannot be poked starts no traffic. */
static enum err check_site(const struct site *site, struct strbuf *log)
{
	struct poke p = { .addr = site->addr };
	tramp_lock();
	ftrace_site_bytes(site, p.old);
	enum err e = poke_check(&p, 1, log);
	tramp_unlock();
	return e;
}

static enum err watch_under_load(struct poke_watch *w, struct site *site, struct strbuf *log)
{
	enum err e = traffic_start();
	if (e)
		return str_refuse(log, e, "no memory for senders of packets");
	e = poke_watch(w, site, log);
	enum err stopped = traffic_stop();
	return !e && stopped ? str_refuse(log, stopped, "the senders of packets did not end") : e;
}

/* Where the site leads, by the bytes that it holds behind a step. */
static uptr target_of(const struct poke_watch *w, u32 poke, u32 step)
{
	return x86_target(w->seen[poke][step].bytes, SITE_LEN, w->site->addr);
}

/* The images of a function have one name, so only their addresses differ. */
static void print_changes(const struct poke_watch *w)
{
	if (strcmp(w->insns[0], w->insns[1]) == 0) {
		table_note("%s: %s, to one image after the other:", w->site->title, w->insns[0]);
		table_note("%lx -> %lx -> %lx", target_of(w, 0, POKE_BEFORE), target_of(w, 0, POKE_AFTER),
			   target_of(w, 1, POKE_AFTER));
	} else {
		table_note("%s: %s -> %s -> %s", w->site->title, w->insns[0], w->insns[1], w->insns[2]);
	}
	table_note("each step held open for %u ms or more, senders on %u CPU%s", POKE_HOLD_MS, cpu_count(),
		   cpu_count() == 1 ? "" : "s");
}

/* The bytes, and the numbers of those that the step has changed. */
static void print_bytes(struct strbuf *s, struct strbuf *changed, const u8 *now, const u8 *before)
{
	show_site_bytes(s, now, before);
	for (u32 i = 0; i < SITE_LEN; i++)
		if (now[i] != before[i])
			str_printf(changed, "%s%u", changed->len ? " " : "", i + 1);
}

static void step_row(struct table *t, const struct poke_watch *w, u32 poke, u32 step)
{
	static const char *const arrivals[] = { [DOES_OLD] = "executes old ",
						[TRAPS] = "traps; handler does new ",
						[DOES_NEW] = "executes new " };
	const struct poke_step *name = &poke_steps[step];
	const struct poke_seen *s = &w->seen[poke][step];
	const char *insn = w->insns[poke + (name->arrival != DOES_OLD)];
	char hex[96] = "", which[16] = "";
	struct strbuf bytes = STRBUF(hex), changed = STRBUF(which);
	print_bytes(&bytes, &changed, s->bytes, (step == POKE_BEFORE ? s : s - 1)->bytes);
	table_add(t, "%s%s\t%s\t%s\t%llu\t%d\t%s%.*s", name->name, s->syncs ? ", sync" : "", hex, which,
		  s->traps, __builtin_popcount(s->cpus), arrivals[name->arrival], (int)str_until(insn, ' '),
		  insn);
}

/* With -j: the traps of each CPU, where there were any. Steps are counted as the rows of the other table. */
static enum err list_traps(const struct poke_watch *w, struct strbuf *log)
{
	struct table t;
	table_begin(&t, ">step|>cpu|>traps");
	t.key = "traps";
	for (u32 row = 0; row < 2 * POKE_STEPS - 1; row++) {
		const struct poke_seen *s = &w->seen[row / POKE_STEPS][row % POKE_STEPS + row / POKE_STEPS];
		for (u32 cpu = 0; cpu < cpu_count(); cpu++)
			if (s->on[cpu])
				table_add(&t, "%u\t%u\t%u", row, cpu, s->on[cpu]);
	}
	return table_print(&t, log);
}

/* Both pokes; what is there after the first is there before the second. */
static enum err print_steps(const struct poke_watch *w, struct strbuf *log)
{
	struct table t;
	u64 late = 0;
	table_begin(&t, "step|bytes|changed|>traps|>CPUs|a CPU that comes by");
	t.key = "steps";
	for (u32 poke = 0; poke < 2; poke++)
		for (u32 step = poke; step < POKE_STEPS; step++) {
			step_row(&t, w, poke, step);
			late += poke_steps[step].arrival == DOES_NEW ? w->seen[poke][step].late : 0;
		}
	enum err e = table_print(&t, log);
	if (!e && json_is_on())
		e = list_traps(w, log);
	if (!e && late)
		table_note("Traps at steps 5 and 6: QEMU still runs the old int3, which step 6 is to end");
	return e;
}

static enum err cmd_poke(char **args, struct strbuf *log)
{
	struct poke_watch w;
	struct site *site;
	enum err e = show_find_site(&site, args[0], log);
	e = e ? e : check_site(site, log);
	e = e ? e : watch_under_load(&w, site, log);
	if (e)
		return e;
	if (memcmp(w.seen[0][POKE_BEFORE].bytes, w.seen[0][POKE_AFTER].bytes, SITE_LEN) == 0) {
		table_note("%s: %s serves several users, and one more changes no byte", site->title,
			   w.insns[0]);
		return OK;
	}
	print_changes(&w);
	return print_steps(&w, log);
}

const struct command poke_commands[] = {
	{ "poke", "FUNC", "each step of a change of its five bytes", cmd_poke,
	  "Changes a function's site to an empty hook and back, holds each step open, and prints the bytes, "
	  "how often CPUs trapped, and what a CPU does that comes by. Senders of packets run meanwhile.",
	  "poke kfree_skb", "nothing; text_poke_bp_batch() does it unseen", .tables = "*" },
	{ 0 },
};
