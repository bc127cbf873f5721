// SPDX-License-Identifier: MIT
// attach/attach.c: the programs of progs/ on the functions that they name.
#include "tests/in_use.h"
#include "tests/nops.h"
#include "tests/builtin.h"
#include "tests/test.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "kernel/net/skb.h"
#include "kernel/mem/text.h"
#include "kernel/net/traffic.h"
#include "attach/attach.h"
#include "attach/functions.h"
#include "tramp/text/poke.h"
#include "vm/object.h"
#include "vm/run/map.h"

/* The object of that name, loaded; the caller unloads it. */
static struct object *load_builtin(const char *name, enum prog_mode mode)
{
	struct object *o = builtin_load_as(name, name, mode);
	check(o);
	return o;
}

static u32 link_count(void)
{
	u32 count = 0;
	links_lock();
	for (const struct link *l = link_next(NULL); l; l = link_next(l))
		count++;
	links_unlock();
	return count;
}

static bool is_nop(const char *func)
{
	return holds_nop(site_named(func)->addr);
}

static void unload(struct object *o)
{
	for (u32 i = 0; i < 100 && image_reap(); i++)
		msleep(1);
	check_eq(OK, object_unload(o));
}

static u64 sum_of_cpus(struct map *m)
{
	u64 sum = 0;
	u32 key = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		sum += *(u64 *)m->ops->lookup_cpu(m, &key, cpu);
	return sum;
}

static void count_packets(enum prog_mode mode)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("skbcount", mode);
	require(o);
	check_eq(OK, traffic_net(10));
	check_eq(OK, attach_progs(o->progs, o->prog_count, NULL, &log));
	check(!is_nop("kfree_skb"));
	check_eq(EBUSY, object_unload(o));
	check_eq(OK, traffic_net(500));
	check_eq(OK, detach_progs(o->progs, o->prog_count, NULL, &log));
	check(is_nop("kfree_skb"));
	check_eq(500, sum_of_cpus(o->maps[0]));
	check_eq(OK, traffic_net(10));
	check_eq(500, sum_of_cpus(o->maps[0]));
	unload(o);
}

TEST(attach_counts_every_packet_once)
{
	count_packets(PROG_JIT);
}

TEST(attach_counts_every_packet_once_when_interpreted)
{
	count_packets(PROG_INTERPRET);
}

TEST(attach_of_several_programs_is_all_or_nothing)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("skblat", PROG_JIT);
	u32 links = link_count();
	require(o && o->prog_count == 2);
	check_eq(OK, attach_progs(o->progs + 1, 1, NULL, &log));
	check_eq(EEXIST, attach_progs(o->progs, 2, NULL, &log));
	check(str_matches(text, "* is attached to netif_receive_skb already"));
	check_eq(links + 1, link_count());
	check_eq(1, site_named("netif_receive_skb")->tramp->hook_count);
	check_eq(OK, detach_progs(o->progs, 2, NULL, &log));
	check_eq(links, link_count());
	check(is_nop("netif_receive_skb"));
	check_eq(ENOENT, detach_progs(o->progs, 2, NULL, &log));
	unload(o);
}

static void refused(struct object *o, const char *func, enum err want, const char *sentence)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	u32 links = link_count();
	check_eq(want, attach_progs(o->progs, 1, &(struct attach_options){ .func = func }, &log));
	check(str_matches(text, sentence));
	check_eq(links, link_count());
	check_eq(0, o->progs[0]->links);
}

TEST(attach_refuses_with_a_sentence)
{
	struct object *o = load_builtin("wakeup", PROG_JIT);
	require(o);
	refused(o, "no_such_function", ENOENT, "no function is called no_such_function");
	refused(o, "tv_twice", EOPNOTSUPP, "tv_twice cannot be traced: two functions have this name");
	refused(o, "memcpy", EOPNOTSUPP, "memcpy has no site: it is notrace or written in assembly");
	refused(o, "kprintf", EOPNOTSUPP, "kprintf: is variadic*");
	unload(o);
}

static void come_and_go(void)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("skblat", PROG_JIT);
	require(o);
	check_eq(OK, attach_progs(o->progs, 2, NULL, &log));
	check_eq(OK, attach_progs(o->progs, 1, &(struct attach_options){ .func = "kfree_skb" }, &log));
	check_eq(OK, detach_progs(o->progs, 2, NULL, &log));
	unload(o);
}

TEST(attach_and_detach_give_all_memory_back)
{
	come_and_go(); /* the first one makes text.c take a chunk, which it keeps */
	msleep(20);
	rcu_barrier();
	const struct in_use before = in_use();
	for (u32 i = 0; i < 5; i++)
		come_and_go();
	check_in_use(&before);
}

static enum err attach_named(const char *prog, const char *func, u64 cookie, struct strbuf *log)
{
	struct prog *p = prog_named(prog);
	struct attach_options options = { .func = func, .cookie = cookie };
	return p ? attach_progs(&p, 1, &options, log) : ENOENT;
}

static enum err detach_named(const char *prog, struct strbuf *log)
{
	struct prog *p = prog_named(prog);
	return detach_progs(&p, 1, NULL, log);
}

static u64 *counter_in(struct object *o)
{
	for (u32 i = 0; i < o->map_count; i++)
		if (str_matches(o->maps[i]->name, "*.bss"))
			return (u64 *)o->maps[i]->values;
	return NULL;
}

TEST(attach_reaches_a_function_in_every_kind)
{
	static const struct {
		const char *prog, *func;
		u32 runs; /* for a packet */
	} kinds[] = { { "count_fentry", "netif_receive_skb", 1 },
		      { "count_fexit", "netif_receive_skb", 1 },
		      { "count_fmod_ret", "send_frame", 1 },
		      { "count_fsession", "netif_receive_skb", 2 } };
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("count", PROG_JIT);
	u64 *counter = o ? counter_in(o) : NULL;
	require(counter);
	for (u32 i = 0; i < array_len(kinds); i++) {
		*counter = 0;
		require(attach_named(kinds[i].prog, kinds[i].func, 0, &log) == OK);
		check_eq(OK, traffic_net(20));
		check_eq(OK, detach_named(kinds[i].prog, &log));
		check_eq(20 * kinds[i].runs, *counter);
		check(is_nop(kinds[i].func));
	}
	*counter = 0;
	require(attach_named("count_raw_tp", "netif_receive_skb", 0, &log) == OK);
	check_eq(OK, traffic_net(20));
	check_eq(OK, detach_named("count_raw_tp", &log));
	check_eq(20, *counter);
	unload(o);
}

TEST(attach_of_a_program_to_a_program_counts_its_runs)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("count", PROG_JIT);
	struct object *old =
	    load_builtin("skbcount", PROG_INTERPRET); /* its text is a stub, with a site too */
	u64 *counter = o ? counter_in(o) : NULL;
	require(counter && old);
	*counter = 0;
	check_eq(EINVAL, attach_named("count_fentry", "count_fentry", 0, &log));
	require(attach_progs(old->progs, old->prog_count, NULL, &log) == OK);
	require(attach_named("count_fentry", old->progs[0]->name, 0, &log) == OK);
	check_eq(OK, traffic_net(20));
	check_eq(EINVAL, attach_named(old->progs[0]->name, "count_fentry", 0, &log));
	check_eq(EINVAL, attach_named("count_fexit", "count_fentry", 0, &log)); /* which traces a program */
	check_eq(20, *counter);
	check_eq(OK, detach_progs(old->progs, old->prog_count, NULL, &log));
	check_eq(EBUSY, object_unload(old)); /* something is attached to it */
	check_eq(OK, detach_named("count_fentry", &log));
	unload(old);
	unload(o);
}

struct tail_counts {
	u64 started, went_on, ended;
};

/* progs/tails.bpf.c under a name of its own; counts: where it counts. */
static struct object *load_tails(const char *name, enum prog_mode mode, struct tail_counts **counts)
{
	struct object *o = builtin_load_as("tails", name, mode);
	*counts = o ? (struct tail_counts *)counter_in(o) : NULL;
	return o;
}

static void check_counts(const struct tail_counts *counts, u64 started)
{
	check_eq(started, counts->started);
	check_eq(33 * started, counts->went_on);
	check_eq(started, counts->ended);
}

/* A program that goes on in itself 33 times, itself traced at entry and exit; and each time it calls a
 * function that is traced by a program which does the same. */
static void tails_through_trampolines(enum prog_mode mode)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct tail_counts *outer_counts, *inner_counts;
	struct object *count = load_builtin("count", PROG_JIT);
	struct object *outer = load_tails("outer", mode, &outer_counts);
	require(count && outer);
	require(attach_named("tail_first", "kfree_skb", 0, &log) == OK);
	require(attach_named("count_fentry", "outer/tail_first", 0, &log) == OK);
	require(attach_named("count_fexit", "tail_first", 0, &log) == OK);
	struct object *inner = load_tails("inner", mode, &inner_counts);
	require(inner);
	require(attach_named("inner/tail_first", "probe_read_kernel", 0, &log) == OK);
	check_eq(OK, traffic_net(20));
	check_eq(OK, detach_named("inner/tail_first", &log));
	check_counts(outer_counts, 20);
	check_counts(inner_counts, 20 * 33);
	check_eq(40, *counter_in(count));
	check_eq(OK, detach_named("count_fexit", &log));
	check_eq(OK, detach_named("count_fentry", &log));
	unload(inner);
	check_eq(OK, detach_named("tail_first", &log));
	unload(outer);
	unload(count);
}

TEST(attach_keeps_the_count_of_tail_calls_through_trampolines)
{
	tails_through_trampolines(PROG_JIT);
	tails_through_trampolines(PROG_INTERPRET);
}

/* bpf_loop over the list of tasks, from init_task on. */
TEST(attach_runs_callbacks_in_the_machine)
{
	char text[200] = "";
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct strbuf log = STRBUF(text);
		struct object *o = load_builtin("tasks", mode);
		u32 *counts = o ? (u32 *)counter_in(o) : NULL; /* all, asleep, most asleep */
		require(counts);
		require(attach_progs(o->progs, o->prog_count, NULL, &log) == OK);
		msleep(20);
		check_eq(OK, detach_progs(o->progs, o->prog_count, NULL, &log));
		check(counts[0] > 3 && counts[0] < 1000);
		check(counts[1] > 0 && counts[1] <= counts[0]);
		unload(o);
	}
}

TEST(attach_refuses_types_that_contradict_those_of_the_section)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("wakeup", PROG_JIT);
	require(o);
	check_eq(EINVAL, attach_named("my_wake_up", "kfree_skb", 0, &log));
	check_str("my_wake_up reads argument 1 as struct task_struct *, which it is in wake_up_process; in "
		  "kfree_skb it is struct sk_buff *",
		  text);
	check(is_nop("kfree_skb"));
	unload(o);
}

/* The author of a program knows the name of a tracepoint, not those of its functions. */
TEST(attach_calls_tracepoints_by_their_names)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("switches", PROG_JIT);
	require(o);
	check_eq(EINVAL, attach_named("count_switch", "softirq_entry", 0, &log));
	check_str("count_switch reads slot 2 of its context, but tracepoint softirq_entry has 1 argument",
		  text);
	log = STRBUF(text);
	check_eq(OK, attach_named("count_switch", "sched_switch", 0, &log));
	check_eq(EEXIST, attach_named("count_switch", "sched_switch", 0, &log));
	check_str("count_switch is attached to tracepoint sched_switch already", text);
	check_eq(OK, detach_named("count_switch", &log));
	unload(o);
}

TEST(attach_of_a_pattern_is_one_change_and_one_link)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("count", PROG_JIT);
	u64 syncs = poke_stats().syncs;
	require(o);
	check_eq(ENOENT, attach_named("count_fentry", "no_such_*", 0, &log));
	check_eq(syncs, poke_stats().syncs);
	require(attach_named("count_fentry", "skb_*", 77, &log) == OK);
	check_eq(syncs + 3, poke_stats().syncs);
	const struct link *l = link_next(NULL); /* no other test attaches */
	check(l && !link_next(l) && l->cookie == 77 && str_matches(l->place.buf, "?* functions like skb_*"));
	check(!is_nop("skb_get") && !is_nop("skb_put") && is_nop("kfree_skb"));
	check_eq(OK, detach_named("count_fentry", &log));
	check_eq(syncs + 6, poke_stats().syncs);
	check(is_nop("skb_put"));
	unload(o);
}

/* Attaches with the first, second, ... allocation failing, until it succeeds. */
static void fail_each_allocation(const char *prog, const char *place, enum kprobe_how how)
{
	struct attach_options options = { .func = place, .how = how };
	struct prog *p = prog_named(prog);
	u32 links = link_count();
	char text[200];
	enum err e = ENOMEM;
	for (u32 nth = 1; e; nth++) {
		struct strbuf log = STRBUF(text);
		image_reap();
		rcu_barrier(); /* frees what readers may have been at */
		const struct in_use before = in_use();
		heap_fail_after(nth);
		e = attach_progs(&p, 1, &options, &log);
		heap_fail_after(0);
		if (!e)
			break;
		check_eq(ENOMEM, e);
		check(text[0]);
		check_eq(links, link_count());
		check_eq(0, p->links);
		image_reap();
		rcu_barrier();
		check_in_use(&before);
		check(is_nop("netif_receive_skb"));
		require(nth < 200);
	}
	heap_fail_after(1);
	check_eq(OK, detach_progs(&p, 1, NULL, &(struct strbuf)STRBUF(text)));
	heap_fail_after(0);
	check(is_nop("netif_receive_skb"));
}

TEST(attach_that_runs_out_of_memory_anywhere_leaves_nothing)
{
	struct object *o = load_builtin("count", PROG_JIT);
	require(o);
	fail_each_allocation("count_fentry", "netif_receive_skb", 0);
	fail_each_allocation("count_fsession", "netif_receive_skb", 0);
	fail_each_allocation("count_fexit", "netif_receive_*", 0);
	fail_each_allocation("count_fmod_ret", "send_frame", 0);
	fail_each_allocation("count_raw_tp", "netif_receive_skb", 0);
	fail_each_allocation("count_kprobe", "netif_receive_skb", KPROBE_FTRACE);
	fail_each_allocation("count_kprobe", "netif_receive_skb+5", KPROBE_INT3);
	fail_each_allocation("count_kretprobe", "netif_receive_skb", KPROBE_FTRACE);
	unload(o);
}

static u64 sleeps_seen;

static void find_sleeper(struct task_struct *t, void *arg)
{
	if (t->__state == TASK_UNINTERRUPTIBLE && t->migration_disabled)
		++*(u64 *)arg;
}

/* The program of slow.bpf.c calls msleep: in task context of the sender, whose CPU others use meanwhile. */
TEST(attach_lets_a_sleepable_program_sleep)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("slow", PROG_JIT);
	require(o && o->progs[0]->sleepable);
	require(attach_progs(o->progs, 1, NULL, &log) == OK);
	check_eq(OK, traffic_start());
	for (sleeps_seen = 0; !sleeps_seen;) {
		task_for_each(find_sleeper, &sleeps_seen);
		msleep(1);
	}
	check_eq(OK, detach_progs(o->progs, 1, NULL, &log));
	traffic_stop();
	check_eq(0, this_cpu()->active[o->progs[0]->slot]);
	unload(o);
}

static char first_why[200];
static u32 left_out, other_whys;

static void compare_why(unused const char *func, const char *why, unused void *arg)
{
	struct strbuf s = STRBUF(first_why);
	if (!left_out++)
		str_puts(&s, why);
	other_whys += strcmp(first_why, why) != 0;
}

/* A tracepoint's function is refused by its title. */
TEST(attach_leaves_all_tracepoints_out_for_one_reason)
{
	struct object *o = load_builtin("slow", PROG_JIT);
	require(o && o->progs[0]->sleepable);
	left_out = other_whys = 0;
	function_left_out(o->progs[0], "__traceiter_*", compare_why, NULL);
	check_eq(tracepoint_count(), left_out);
	check_eq(0, other_whys);
	check(str_matches(first_why, "may be called where sleeping is forbidden, and * may sleep"));
	unload(o);
}

/* Several five-byte nops exist. When a generator left another one than the patcher expected (Linux, 2021),
 * the first change there was refused, at run time. */
TEST(attach_nops_are_the_same_from_compiler_generators_and_patcher)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("skblat", PROG_JIT);
	require(o);
	check_eq(OK, attach_progs(o->progs, o->prog_count, NULL, &log));
	for (u32 i = 0; i < o->prog_count; i++)
		check(holds_nop(o->progs[i]->text.base));
	for (u32 i = 0; i < site_count(); i++) {
		const struct tramp *t = site_nth(i)->tramp;
		check(t || holds_nop(site_nth(i)->addr));
		if (t && t->image->gate)
			check(holds_nop(t->image->text.base + t->image->gate));
	}
	for (u32 i = 0; i < tracepoint_branch_count(); i++)
		check(holds_nop(tracepoint_branch_nth(i)->addr));
	check(site_named("netif_receive_skb")->tramp->image->gate);
	check_eq(OK, detach_progs(o->progs, o->prog_count, NULL, &log));
	unload(o);
}

/* One of several attachments ends; what is not there is refused, and so is a part of one. */
TEST(attach_ends_at_one_place)
{
	static const char *const places[] = { "kfree_skb", "netif_*", "schedule" };
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("count", PROG_JIT);
	u32 before = link_count();
	struct prog *p;
	require(o && find_prog(&p, "count_fentry", &log) == OK);
	for (u32 i = 0; i < array_len(places); i++)
		check_eq(OK, attach_progs(&p, 1, &(struct attach_options){ .func = places[i] }, &log));
	check_eq(OK, detach_progs(&p, 1, "schedule", &log));
	check(is_nop("schedule") && !is_nop("kfree_skb"));
	check_eq(ENOENT, detach_progs(&p, 1, "schedule", &log));
	check_str("count_fentry is not attached to schedule", text);
	str_cut(&log, 0);
	check_eq(EINVAL, detach_progs(&p, 1, "netif_receive_skb", &log));
	check(str_matches(text,
			  "*to netif_receive_skb only together with others: to * functions like netif_*"));
	check_eq(OK, detach_progs(&p, 1, "netif_*", &log));
	check(is_nop("netif_receive_skb"));
	check_eq(before + 1, link_count());
	check_eq(OK, detach_progs(&p, 1, NULL, &log));
	unload(o);
}

/* However the offset is written. */
TEST(attach_ends_at_the_instruction_of_a_probe)
{
	static const char *const same[] = { "alloc_skb+5", "alloc_skb+0x5" };
	static const char *const others[] = { "alloc_skb+6", "alloc_skb", "skb+5", "alloc_skb+",
					      "alloc_sk*" };
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct object *o = load_builtin("count", PROG_JIT);
	struct prog *p;
	require(o && find_prog(&p, "count_kprobe", &log) == OK);
	for (u32 i = 0; i < array_len(same); i++) {
		check_eq(OK, attach_progs(&p, 1, &(struct attach_options){ .func = "alloc_skb+5" }, &log));
		for (u32 n = 0; n < array_len(others); n++)
			check_eq(ENOENT, detach_progs(&p, 1, others[n], &log));
		check_eq(OK, detach_progs(&p, 1, same[i], &log));
	}
	str_cut(&log, 0);
	check_eq(ENOENT, detach_progs(&p, 1, "alloc_skb+5", &log));
	check_str("count_kprobe is not attached to alloc_skb+5", text);
	require(find_prog(&p, "count_kretprobe", &log) == OK);
	for (enum kprobe_how how = KPROBE_INT3; how <= KPROBE_FTRACE; how++) {
		struct attach_options options = { .func = "alloc_skb", .how = how };
		check_eq(OK, attach_progs(&p, 1, &options, &log));
		check_eq(ENOENT, detach_progs(&p, 1, "kfree_skb", &log));
		check_eq(OK, detach_progs(&p, 1, "alloc_skb", &log));
	}
	unload(o);
}
