// SPDX-License-Identifier: MIT
// kernel/trace/tracepoint.h and tramp/text/tracepoint.c: a tracepoint is a nop until it has a user, and then
// reports what happened.
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "kernel/net/net.h"
#include "kernel/io/print.h"
#include "kernel/cpu/probe.h"
#include "kernel/sched/sched.h"
#include "kernel/net/skb.h"
#include "kernel/sched/softirq.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "kernel/trace/events.h"
#include "kernel/net/traffic.h"
#include "kernel/sched/work.h"
#include "tramp/text/audit.h"
#include "tramp/text/poke.h"
#include "tramp/text/tracepoint.h"
#include "tramp/tramp.h"

DEFINE_TRACEPOINT(tv_event, u32 a, const char *b, u64 c)
#define trace_tv_event(...) tracepoint_call(tv_event, __VA_ARGS__)

/* --- Listening --------------------------------------------------------------------------------- */

static u64 seen[4];
static u32 seen_count;

static notrace u64 see(const u64 *context)
{
	probe_read(seen, (uptr)context, sizeof(seen));
	seen_count++;
	return 0;
}

static u32 users;

static enum err listen(const char *name, u64 (*fn)(const u64 *))
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_named(name);
	struct hook h = {
		.kind = HOOK_FENTRY, .code = (uptr)fn, .name = "test_hook", .owner = fn, .users = &users
	};
	tramp_lock();
	enum err e = tramp_add(&tp->site, 1, &h, 1, &log);
	if (!e)
		e = tracepoint_enable(tp, &log);
	tramp_unlock();
	if (e)
		kprintf("     %s: %s\n", name, text);
	return e;
}

static enum err unlisten(const char *name, u64 (*fn)(const u64 *))
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_named(name);
	tramp_lock();
	enum err e = tracepoint_disable(tp, &log);
	if (!e)
		e = tramp_remove(&tp->site, 1, fn, &log);
	tramp_unlock();
	if (e)
		kprintf("     %s: %s\n", name, text);
	return e;
}

/* Whether every branch of a tracepoint holds the nop, or else a jmp. */
static bool branches_are(const char *name, bool nops)
{
	u8 want[SITE_LEN];
	u32 found = 0;
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		const struct tracepoint_branch *b = tracepoint_branch_nth(i);
		if (strcmp(b->tp->name, name))
			continue;
		found++;
		poke_make_jmp(want, b->addr, b->target);
		if (nops ? !holds_nop(b->addr) : memcmp((const void *)b->addr, want, SITE_LEN))
			return false;
	}
	return found && found == tracepoint_named(name)->branches;
}

/* --- One of our own ---------------------------------------------------------------------------- */

static u32 evaluated;

static notrace u32 evaluate(u32 value)
{
	evaluated++;
	return value;
}

static traceable void pass_by(u32 a)
{
	trace_tv_event(evaluate(a), "here", 1ull << 40);
}
static traceable void pass_by_elsewhere(u32 a)
{
	trace_tv_event(evaluate(a), "there", 2ull << 40);
}

TEST(tracepoint_is_a_nop_until_it_has_a_user)
{
	seen_count = evaluated = 0;
	check(branches_are("tv_event", true));
	pass_by(1);
	check_eq(0, evaluated);
	require(listen("tv_event", see) == OK);
	check(branches_are("tv_event", false));
	pass_by(2);
	check_eq(1, evaluated);
	check_eq(1, seen_count);
	check_eq(2, seen[0]);
	check_str("here", (const char *)seen[1]);
	check_eq(1ull << 40, seen[2]);
	pass_by_elsewhere(3);
	check_eq(3, seen[0]);
	check_str("there", (const char *)seen[1]);
	check_eq(OK, unlisten("tv_event", see));
	check(branches_are("tv_event", true));
	pass_by(4);
	check_eq(2, evaluated);
	check_eq(2, seen_count);
	check_eq(0, image_reap());
	check_eq(0, users);
}

TEST(tracepoint_changes_all_its_places_in_one_batch)
{
	struct poke_stats before, after;
	char text[200];
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_named("tv_event");
	require(tp && tp->branches == 2);
	for (u32 on = 0; on < 2; on++) {
		before = poke_stats();
		tramp_lock();
		check_eq(OK, on ? tracepoint_disable(tp, &log) : tracepoint_enable(tp, &log));
		tramp_unlock();
		after = poke_stats();
		check_eq(1, after.batches - before.batches);
		check_eq(2, after.pokes - before.pokes);
		check_eq(3, after.syncs - before.syncs);
	}
}

static notrace void say_nothing(const char *line unused) {}

/* A branch in use is explained; one that other code has changed is not. */
TEST(tracepoint_in_use_passes_the_audit)
{
	u8 jmp[SITE_LEN];
	const struct tracepoint_branch *b = tracepoint_branch_nth(0);
	while (strcmp(b->tp->name, "tv_event"))
		b++;
	require(listen("tv_event", see) == OK);
	tramp_lock();
	check_eq(0, audit(say_nothing));
	memcpy(jmp, (const void *)b->addr, SITE_LEN);
	put_nop(b->addr);
	check_eq(1, audit(say_nothing));
	text_write(b->addr, jmp, SITE_LEN);
	tramp_unlock();
	check_eq(OK, unlisten("tv_event", see));
	tramp_lock();
	check_eq(0, audit(say_nothing));
	tramp_unlock();
}

/* The second user and the last but one change nothing. */
TEST(tracepoint_counts_its_users)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_named("tv_event");
	u64 batches;
	require(listen("tv_event", see) == OK);
	batches = poke_stats().batches;
	tramp_lock();
	check_eq(OK, tracepoint_enable(tp, &log));
	check_eq(2, tp->users);
	check_eq(OK, tracepoint_disable(tp, &log));
	tramp_unlock();
	check_eq(batches, poke_stats().batches);
	check(branches_are("tv_event", false));
	check_eq(OK, unlisten("tv_event", see));
	check_eq(0, tp->users);
	check(branches_are("tv_event", true));
}

TEST(tracepoint_with_a_strange_branch_stays_off)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	struct tracepoint *tp = tracepoint_named("tv_event");
	const struct tracepoint_branch *b = tracepoint_branch_nth(0);
	for (u32 i = 0; b->tp != tp; i++)
		b = tracepoint_branch_nth(i);
	put_other_nop(b->addr);
	tramp_lock();
	check_eq(EINVAL, tracepoint_enable(tp, &log));
	tramp_unlock();
	check(str_matches(text, "pass_by* expected 0f 1f 44 00 00 but found 0f 1f 44 00 08*"));
	check_eq(0, tp->users);
	put_nop(b->addr);
	check(branches_are("tv_event", true));
}

TEST(tracepoint_branch_is_no_site)
{
	struct sym sym;
	check(!tracepoint_named("no_such_event"));
	check(tracepoint_count() > 20);
	for (u32 i = 0; i < tracepoint_branch_count(); i++) {
		const struct tracepoint_branch *b = tracepoint_branch_nth(i);
		check(sym_at(b->addr, &sym) && sym.addr + SITE_LEN <= b->addr);
		check(!site_at(b->addr));
	}
}

/* --- The kernel's ------------------------------------------------------------------------------ */

static struct {
	u64 drops, wrong;
	u64 queued, started, sent, received;
} net;

static notrace u64 see_kfree_skb(const u64 *context)
{
	const struct sk_buff *skb = (const void *)context[0];
	struct sym sym;
	/* Its users are gone and it is whole; the call came from a function of the kernel. */
	if (skb->users.refs.counter || !skb->head || !sym_at(context[1], &sym) ||
	    context[2] != SKB_DROP_REASON_NOT_SPECIFIED)
		net.wrong++;
	__atomic_fetch_add(&net.drops, 1, __ATOMIC_RELAXED);
	return 0;
}
static notrace u64 see_queue(const u64 *context)
{
	if (!((const struct sk_buff *)context[0])->dev)
		net.wrong++;
	__atomic_fetch_add(&net.queued, 1, __ATOMIC_RELAXED);
	return 0;
}
static notrace u64 see_start(const u64 *context)
{
	if ((const void *)context[1] != ((const struct sk_buff *)context[0])->dev)
		net.wrong++;
	__atomic_fetch_add(&net.started, 1, __ATOMIC_RELAXED);
	return 0;
}
static notrace u64 see_xmit(const u64 *context)
{
	if ((int)context[1] != NET_RX_SUCCESS || (u32)context[3] < 14)
		net.wrong++;
	__atomic_fetch_add(&net.sent, 1, __ATOMIC_RELAXED);
	return 0;
}
static notrace u64 see_receive(const u64 *context)
{
	if (!((const struct sk_buff *)context[0])->tstamp)
		net.wrong++;
	__atomic_fetch_add(&net.received, 1, __ATOMIC_RELAXED);
	return 0;
}

TEST(tracepoints_of_the_net_see_every_packet)
{
	static const struct {
		const char *name;
		u64 (*fn)(const u64 *context);
		u64 *count;
	} events[] = {
		{ "kfree_skb", see_kfree_skb, &net.drops },
		{ "net_dev_queue", see_queue, &net.queued },
		{ "net_dev_xmit", see_xmit, &net.sent },
		{ "net_dev_start_xmit", see_start, &net.started },
		{ "netif_receive_skb", see_receive, &net.received },
	};
	memset(&net, 0, sizeof(net));
	for (u32 i = 0; i < array_len(events); i++)
		require(listen(events[i].name, events[i].fn) == OK);
	check_eq(OK, traffic_net(300));
	for (u32 i = 0; i < array_len(events); i++) {
		check_eq(OK, unlisten(events[i].name, events[i].fn));
		check_eq(300, *events[i].count);
	}
	check_eq(0, net.wrong);
	check_eq(OK, traffic_net(10));
	check_eq(300, net.drops);
}

static struct task_struct *watched;
static u64 wakings, wakeups, migrations, in, asleep, wrong;

/* All under the lock of a run queue; those of one task come one after the other. */
static notrace u64 see_waking(const u64 *context)
{
	if ((void *)context[0] == watched) {
		wakings++;
		wrong += watched->__state == TASK_RUNNING;
	}
	return 0;
}
static notrace u64 see_wakeup(const u64 *context)
{
	if ((void *)context[0] == watched) {
		wakeups++;
		wrong += watched->__state != TASK_RUNNING;
	}
	return 0;
}
static notrace u64 see_migrate(const u64 *context)
{
	if ((void *)context[0] == watched) {
		migrations++;
		wrong += watched->cpu == (u32)context[1] || (u32)context[1] >= cpu_count();
	}
	return 0;
}
static notrace u64 see_switch(const u64 *context)
{
	const struct task_struct *prev = (const void *)context[1], *next = (const void *)context[2];
	wrong += prev == next || prev->cpu != smp_processor_id() || prev != current || context[0] > 1;
	if (prev == watched)
		asleep += !context[0] && (u32)context[3] == TASK_INTERRUPTIBLE;
	if (next == watched) {
		in++;
		/* Its first sleep began before anybody listened. */
		wrong += wakeups != asleep + 1 || next->cpu != smp_processor_id();
	}
	return 0;
}

static u32 told, ended;

static int woken_100_times(void *arg unused)
{
	while (told < 100) {
		write_once(current->__state, TASK_INTERRUPTIBLE);
		schedule();
		told++;
	}
	write_once(ended, 1);
	return 0;
}

TEST(tracepoints_of_the_scheduler_tell_a_task_s_life)
{
	static const struct {
		const char *name;
		u64 (*fn)(const u64 *context);
	} events[] = {
		{ "sched_waking", see_waking },
		{ "sched_wakeup", see_wakeup },
		{ "sched_migrate_task", see_migrate },
		{ "sched_switch", see_switch },
	};
	wakings = wakeups = migrations = in = asleep = wrong = 0;
	told = ended = 0;
	watched = kthread_run(woken_100_times, NULL, -1, "woken");
	require(watched);
	while (read_once(watched->on_rq))
		msleep(1);
	for (u32 i = 0; i < array_len(events); i++)
		require(listen(events[i].name, events[i].fn) == OK);
	for (;;) {
		bool sleeps = !read_once(watched->on_rq);
		if (read_once(ended))
			break;
		if (sleeps)
			wake_up_process(watched);
		else
			yield();
	}
	for (u32 i = 0; i < array_len(events); i++)
		check_eq(OK, unlisten(events[i].name, events[i].fn));
	check_eq(0, wrong);
	check_eq(100, told);
	check_eq(100, wakeups);
	check_eq(wakings, wakeups);
	check(in >= 100);
	check_eq(99, asleep);
	check(cpu_count() > 1 || migrations == 0);
	watched = NULL;
}

static u64 forks, exits, news;
static const struct task_struct *forked;

static notrace u64 see_fork(const u64 *context)
{
	forked = (const void *)context[1];
	forks += str_matches(((const struct task_struct *)context[0])->comm, "kthreadd");
	return 0;
}
static notrace u64 see_new(const u64 *context)
{
	news += (const void *)context[0] == forked;
	return 0;
}
static notrace u64 see_exit(const u64 *context)
{
	exits += (const void *)context[0] == forked;
	return 0;
}

static int just_ends(void *arg unused)
{
	return 0;
}

TEST(tracepoints_tell_a_task_s_begin_and_end)
{
	forks = exits = news = 0;
	require(listen("sched_process_fork", see_fork) == OK);
	require(listen("sched_wakeup_new", see_new) == OK);
	require(listen("sched_process_exit", see_exit) == OK);
	check(kthread_run(just_ends, NULL, -1, "just_ends"));
	while (!read_once(exits))
		msleep(1);
	check_eq(OK, unlisten("sched_process_exit", see_exit));
	check_eq(OK, unlisten("sched_wakeup_new", see_new));
	check_eq(OK, unlisten("sched_process_fork", see_fork));
	check_eq(1, forks);
	check_eq(1, news);
	check_eq(1, exits);
}

static struct work work;
static u64 works[2], softirqs[2], timers[2], ticks[2];

static void work_fn(struct work *w)
{
	*w = (struct work){ 0 }; /* the end must not look at it */
}

#define COUNTER(name, condition, count)                                    \
	static notrace u64 name(const u64 *context)                        \
	{                                                                  \
		if (condition)                                             \
			__atomic_fetch_add(&(count), 1, __ATOMIC_RELAXED); \
		return 0;                                                  \
	}
COUNTER(see_work_start, (void *)context[0] == &work, works[0])
COUNTER(see_work_end, (void *)context[0] == &work && context[1] == (uptr)work_fn, works[1])
COUNTER(see_softirq_entry, context[0] == TIMER_SOFTIRQ, softirqs[0])
COUNTER(see_softirq_exit, context[0] == TIMER_SOFTIRQ, softirqs[1])
COUNTER(see_timer_entry, context[0] && context[1], timers[0])
COUNTER(see_timer_exit, context[0], timers[1])
COUNTER(see_tick_entry, context[0] && in_hardirq(), ticks[0])
COUNTER(see_tick_exit, context[0] && in_hardirq(), ticks[1])

TEST(tracepoints_come_in_pairs)
{
	static const struct {
		const char *name;
		u64 (*fn)(const u64 *context);
	} events[] = {
		{ "workqueue_execute_start", see_work_start }, { "workqueue_execute_end", see_work_end },
		{ "softirq_entry", see_softirq_entry },        { "softirq_exit", see_softirq_exit },
		{ "timer_expire_entry", see_timer_entry },     { "timer_expire_exit", see_timer_exit },
		{ "local_timer_entry", see_tick_entry },       { "local_timer_exit", see_tick_exit },
	};
	for (u32 i = 0; i < array_len(events); i++)
		require(listen(events[i].name, events[i].fn) == OK);
	init_work(&work, work_fn);
	check(schedule_work(&work));
	while (!read_once(works[1]) || read_once(timers[1]) < 5 || read_once(softirqs[1]) < 5 ||
	       read_once(ticks[1]) < 5)
		msleep(1);
	for (u32 i = 0; i < array_len(events); i++)
		check_eq(OK, unlisten(events[i].name, events[i].fn));
	check_eq(1, works[0]);
	check_eq(1, works[1]);
}
