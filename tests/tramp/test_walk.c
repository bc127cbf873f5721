// SPDX-License-Identifier: MIT
// tramp/ftrace/list.c: changes of the list while another CPU walks it and is stopped there: an ops that does
// not want the function goes, one comes back at once, a filter changes.
#include "tests/test.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/kprobe/kprobe.h"

enum { ROUNDS = 60, BURN_NS = 10000000, PAUSE_NS = 3000000 };

static traceable void walked(void)
{
	compiler_barrier();
}

static traceable void elsewhere(void)
{
	compiler_barrier();
}

/* --- A task that walks, and is interrupted ------------------------------------------------------------ */

static bool stop, burning, put_out;
static u32 running;
static u64 first_told, last_told; /* changed by the walker's task only */
static u64 lost;
static u32 changes; /* of those that must be told: odd while one is on its way */

/* A softirq that takes a while on the walker's CPU, wherever the walker is: until it is put out, or for so
 * long that an unregister which waits for the walker can end. */
static struct timer_list timer;

static void burn(struct timer_list *t)
{
	u64 end = ktime_get_ns() + BURN_NS;
	write_once(burning, true);
	while (!read_once(put_out) && !read_once(stop) && ktime_get_ns() < end)
		cpu_pause();
	write_once(put_out, false);
	write_once(burning, false);
	if (read_once(stop))
		return;
	t->expires = ktime_get_ns() + PAUSE_NS;
	add_timer(t);
}

static notrace void count_first(uptr ip unused, uptr p unused, struct ftrace_ops *o unused,
				struct pt_regs *r unused)
{
	first_told++;
}

static notrace void count_last(uptr ip unused, uptr p unused, struct ftrace_ops *o unused,
			       struct pt_regs *r unused)
{
	last_told++;
}

static notrace void count_none(uptr ip unused, uptr p unused, struct ftrace_ops *o unused,
			       struct pt_regs *r unused)
{
}

static struct ftrace_ops first = { .func = count_first, .name = "first" };
static struct ftrace_ops last = { .func = count_last, .name = "last" };

/* Every call must reach both callbacks, unless they are changed in the meantime. */
static int walk_all_the_time(void *arg unused)
{
	timer.function = burn;
	timer.expires = ktime_get_ns() + PAUSE_NS;
	add_timer(&timer);
	while (!read_once(stop)) {
		u32 before = __atomic_load_n(&changes, __ATOMIC_SEQ_CST);
		u64 sum = first_told + last_told;
		walked();
		compiler_barrier();
		if (!(before & 1) && __atomic_load_n(&changes, __ATOMIC_SEQ_CST) == before &&
		    read_once(first_told) + read_once(last_told) != sum + 2)
			lost++;
	}
	del_timer(&timer);
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

static enum err put_ops(struct ftrace_ops *ops, void *fn)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	enum err e = ftrace_set_filter_ip(ops, (uptr)fn, false, &log);
	return e ? e : register_ftrace_function(ops, &log);
}

static void take_ops(struct ftrace_ops *ops)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	check_eq(OK, unregister_ftrace_function(ops, &log));
}

/* Changes which callbacks the walker's calls reach. */
static void list_again(struct ftrace_ops *ops, void *fn)
{
	__atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
	take_ops(ops);
	check_eq(OK, put_ops(ops, fn));
	__atomic_fetch_add(&changes, 1, __ATOMIC_SEQ_CST);
}

static bool begin_walking(void)
{
	if (cpu_count() < 2) {
		test_skip("needs two CPUs");
		return false;
	}
	stop = burning = put_out = false;
	lost = 0;
	changes = 1;
	check_eq(OK, put_ops(&first, walked));
	check_eq(OK, put_ops(&last, walked));
	changes = 2;
	running = 1;
	return check(kthread_run(walk_all_the_time, NULL, (int)cpu_count() - 1, "walker"));
}

static void end_walking(void)
{
	write_once(stop, true);
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST))
		msleep(1);
	take_ops(&last);
	take_ops(&first);
	check_eq(0, lost);
}

static void wait_for_burn(void)
{
	while (!read_once(burning))
		cpu_pause();
}

static void end_burn(void)
{
	write_once(put_out, true);
	while (read_once(put_out) && read_once(burning))
		cpu_pause();
	write_once(put_out, false);
}

/* --- Things with an ops in them, which are freed behind their end ----------------------------------- */

static enum err begin_ops(void *at)
{
	struct ftrace_ops *ops = at;
	ops->func = count_none;
	ops->name = "freed";
	return put_ops(ops, elsewhere);
}

static void end_ops(void *at)
{
	take_ops(at);
}

static notrace bool graph_enters(struct fgraph_ops *g unused, const struct fgraph_call *call unused)
{
	return true;
}

static notrace void graph_leaves(struct fgraph_ops *g unused, const struct fgraph_call *call unused,
				 u64 ns unused, u64 value unused)
{
}

static enum err begin_graph(void *at)
{
	struct fgraph_ops *g = at;
	char text[200];
	struct strbuf log = STRBUF(text);
	g->entryfunc = graph_enters;
	g->retfunc = graph_leaves;
	g->name = "freed";
	fgraph_prepare(g);
	enum err e = ftrace_set_filter_ip(&g->ops, (uptr)elsewhere, false, &log);
	return e ? e : register_ftrace_graph(g, &log);
}

static void end_graph(void *at)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	check_eq(OK, unregister_ftrace_graph(at, &log));
}

static notrace void nothing_at_entry(struct kprobe *p unused, struct pt_regs *regs unused) {}

static enum err begin_kprobe(void *at)
{
	struct kprobe *p = at;
	char text[200];
	struct strbuf log = STRBUF(text);
	p->addr = (uptr)elsewhere;
	p->name = "freed";
	p->pre_handler = nothing_at_entry;
	return register_kprobe(p, KPROBE_FTRACE, &log);
}

static void end_kprobe(void *at)
{
	unregister_kprobe(at);
}

static void free_while_walked(enum err (*begin)(void *at), void (*end)(void *at), size_t len)
{
	if (!begin_walking())
		return;
	for (u32 i = 0; i < ROUNDS; i++) {
		void *thing = kzalloc(len);
		if (!check(thing) || !check_eq(OK, begin(thing)))
			break;
		wait_for_burn();
		end(thing);
		kfree(thing); /* which fills it with POISON_FREE */
		end_burn();
	}
	end_walking();
}

TEST(walk_ops_may_be_freed_behind_unregister)
{
	free_while_walked(begin_ops, end_ops, sizeof(struct ftrace_ops));
}

TEST(walk_graph_may_be_freed_behind_unregister)
{
	require(retstack_get() ==
		OK); /* so that the end of the graph does not wait for the last user's sake */
	free_while_walked(begin_graph, end_graph, sizeof(struct fgraph_ops));
	retstack_put();
}

TEST(walk_kprobe_at_an_entry_may_be_freed_behind_unregister)
{
	free_while_walked(begin_kprobe, end_kprobe, sizeof(struct kprobe));
}

/* --- What comes back ------------------------------------------------------------------------------- */

TEST(walk_reaches_all_behind_an_ops_that_is_listed_again)
{
	static struct ftrace_ops again = { .func = count_none, .name = "again" };

	if (!begin_walking())
		return;
	check_eq(OK, put_ops(&again, elsewhere));
	for (u32 i = 0; i < ROUNDS; i++) {
		list_again(&first, walked);
		list_again(&last, walked);
		wait_for_burn();
		take_ops(&again);
		check_eq(OK, put_ops(&again, elsewhere));
		end_burn();
	}
	take_ops(&again);
	end_walking();
}

TEST(walk_asks_no_filter_that_was_replaced)
{
	static struct ftrace_ops changing = { .func = count_none, .name = "changing" };
	char text[200];
	struct strbuf log = STRBUF(text);

	if (!begin_walking())
		return;
	check_eq(OK, put_ops(&changing, elsewhere));
	for (u32 i = 0; i < ROUNDS; i++) {
		wait_for_burn();
		for (u32 k = 0; k < 4; k++)
			check_eq(OK, ftrace_set_filter_ip(&changing, (uptr)walked, k % 2, &log));
		end_burn();
	}
	take_ops(&changing);
	end_walking();
}
