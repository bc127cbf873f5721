// SPDX-License-Identifier: MIT
// All together: traffic on all CPUs, callers of test functions on each CPU, and tasks that attach and detach
// at random. Every half second all is detached, and nothing may be left of it. Boot options: stress=SECONDS
// (without it there is one round), seed=NUMBER.
#include "tests/in_use.h"
#include "tests/stress/stress.h"
#include "kernel/io/boot_info.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "kernel/sched/timer.h"
#include "kernel/net/traffic.h"
#include "tests/audited.h"
#include "tests/test.h"
#include "attach/attach.h"
#include "tramp/text/poke.h"
#include "tramp/ftrace/share.h"
#include "vm/run/map.h"

enum {
	ROUND_MS = 500,
	REPORT_NS = 10 * 1000000000ull,
	COUNTED = 20,
	DRAIN_TRIES = 5000,
	TRACED_PACKETS = 64
};

/* --- The tasks at work ---------------------------------------------------------------------------- */

enum phase { WAIT, RUN, COUNT, END };

static struct {
	enum phase phase;
	u32 number; /* of the phase; a worker does each once */
	u32 busy;   /* workers that have not done it yet */
	struct wait_queue_head go, done;
} work = { .go = WAIT_QUEUE_INIT(work.go), .done = WAIT_QUEUE_INIT(work.done) };

static bool flood; /* packets as fast as they go */
static u64 seed;
static u32 workers;

static void begin_phase(enum phase phase)
{
	work.busy = workers;
	write_once(work.phase, phase);
	__atomic_fetch_add(&work.number, 1, __ATOMIC_SEQ_CST);
	wake_up(&work.go);
}

static void end_phase(void)
{
	wait_event(work.done, !__atomic_load_n(&work.busy, __ATOMIC_SEQ_CST));
}

static enum phase next_phase(u32 *number)
{
	wait_event(work.go, __atomic_load_n(&work.number, __ATOMIC_SEQ_CST) != *number);
	*number = __atomic_load_n(&work.number, __ATOMIC_SEQ_CST);
	return read_once(work.phase);
}

static void phase_is_done(void)
{
	__atomic_fetch_sub(&work.busy, 1, __ATOMIC_SEQ_CST);
	wake_up(&work.done);
}

/* On a host with fewer CPUs than this machine callers and senders that never pause keep the others from
 * answering the pokes, and little is attached. So in most rounds the CPUs are idle in between. */
static int caller(void *arg unused)
{
	u32 number = 0;
	u64 x = 0;
	for (;;) {
		enum phase phase = next_phase(&number);
		for (u32 i = 0; i < COUNTED && phase == COUNT; i++)
			stress_call_all(1); /* neither sleeps nor is replaced */
		while (phase == RUN && read_once(work.phase) == RUN) {
			stress_call_all(x++);
			if (x % 4)
				continue;
			if (!flood)
				traffic_net(2); /* ENOMEM: the memory that was to fail was this */
			msleep(1);
		}
		phase_is_done();
		if (phase == END)
			return 0;
	}
}

static int attacher(void *arg)
{
	u32 task = (u32)(uptr)arg, number = 0;
	struct stress_random r = { (seed + 1) * 0x9e3779b97f4a7c15ull + task };
	for (;;) {
		enum phase phase = next_phase(&number);
		while (phase == RUN && read_once(work.phase) == RUN) {
			stress_step(task, &r);
			stress_progress();
		}
		stress_release(task);
		phase_is_done();
		if (phase == END)
			return 0;
	}
}

static bool start_workers(void)
{
	workers = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++, workers++)
		if (!kthread_run(caller, NULL, (int)cpu, "caller/%u", cpu))
			return false;
	for (u32 i = 0; i < STRESS_TASKS; i++, workers++)
		if (!kthread_run(attacher, (void *)(uptr)i, -1, "attacher/%u", i))
			return false;
	return true;
}

/* --- What must be as it was -------------------------------------------------------------------- */

static void wake(struct task_struct *t, void *arg unused)
{
	wake_up_process(t);
}

static uptr ways_back[64];
static u32 way_back_count;

static notrace void note_generated(uptr addr, void *arg unused)
{
	if (text_find(addr) && way_back_count < array_len(ways_back))
		ways_back[way_back_count++] = addr;
}

/* Who is still in generated code. */
static void tell_what_is_held(void)
{
	char text[128];

	kprintf("     %u images and %u probes wait\n", image_reap(), kprobe_reap());
	way_back_count = 0;
	task_visit_returns(note_generated, NULL);
	for (u32 i = 0; i < way_back_count; i++) {
		struct strbuf s = STRBUF(text);
		sym_print(&s, ways_back[i]);
		kprintf("     %s\n", text);
	}
	stress_tell_of_tasks();
}

/* Who sleeps, sleeps in images of schedule() and of all its callers until it is woken. */
static bool drain_images(void)
{
	for (u32 i = 0; image_reap() + kprobe_reap(); i++) {
		if (i == DRAIN_TRIES) {
			tell_what_is_held();
			return false;
		}
		task_for_each(wake, NULL);
		msleep(1);
		stress_progress(); /* of its own end */
	}
	return true;
}

static void count_shadow_stack(struct task_struct *t, void *count)
{
	*(u32 *)count += t->retstack != NULL;
}

/* A task that slept inside a traced function when the last user left keeps its shadow stack; it is freed
 * with the next one, if the task has been out of there meanwhile. */
static void free_shadow_stacks(void)
{
	u32 left = 1;
	for (u32 i = 0; left && i < DRAIN_TRIES; i++) {
		task_for_each(wake, NULL);
		msleep(1);
		stress_progress();
		check_eq(OK, retstack_get());
		retstack_put();
		left = 0;
		task_for_each(count_shadow_stack, &left);
	}
}

/* Who still has a shadow stack, and of which calls. */
static void tell_shadow_stack(struct task_struct *t, void *arg unused)
{
	const struct retstack *rs = t->retstack;
	char text[128];

	for (u32 i = 0; rs && i <= rs->depth; i++) {
		struct strbuf s = STRBUF(text);
		if (i < rs->depth)
			sym_print(&s, rs->entries[i].real);
		kprintf("     %s: %u calls noted%s%s\n", t->comm, rs->depth, s.len ? ", one returns to " : "",
			s.len ? text : "");
	}
}

static bool settles_at(const struct in_use *want)
{
	struct in_use now = in_use();
	for (u32 i = 0; memcmp(&now, want, sizeof(now)) && i < DRAIN_TRIES; i++) {
		stress_progress();
		msleep(1); /* frames that still wait for their receivers, callbacks of RCU */
		now = in_use();
	}
	if (check_in_use(want))
		return true;
	task_for_each(tell_shadow_stack, NULL);
	stress_tell_of_tasks();
	return false;
}

static void check_task(struct task_struct *t, void *arg unused)
{
	if (t->migration_disabled || (!t->on_cpu && t->preempt_count != 1)) {
		__atomic_fetch_add(&stress_counts.wrong[WRONG_TASK], 1, __ATOMIC_RELAXED);
		kprintf("     %s: preempt_count 0x%x, migration_disabled %u\n", t->comm, t->preempt_count,
			t->migration_disabled);
	}
}

static void check_cpus(void)
{
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		for (u32 i = 0; i < CPU_ACTIVE_SLOTS; i++)
			if (!check_eq(0, cpus[cpu].active[i]))
				return;
}

static void check_sites(void)
{
	u8 nop[SITE_LEN];
	poke_make_nop(nop);
	for (u32 i = 0; i < site_count(); i++) {
		const struct site *s = site_nth(i);
		if (!check(memcmp((const void *)s->addr, nop, SITE_LEN) == 0) ||
		    !check(!s->tramp && !s->ftrace && !s->direct))
			kprintf("     %s\n", s->name);
	}
}

static void check_sums(void)
{
	u64 entries = 0, exits = 0, mods = 0;
	for (u32 i = 0; i < STRESS_HOLDINGS; i++) {
		const struct holding *h = &stress_holdings[i];
		entries += h->entries;
		exits += h->exits;
		mods += h->mods;
		check_eq(0, h->users);
	}
	check_eq(entries, stress_calls.entries);
	check_eq(exits, stress_calls.exits);
	check_eq(mods, stress_calls.mods);
	check_eq(0, stress_calls.wrong);
	for (u32 i = 0; i < STRESS_WRONGS; i++)
		if (!check_eq(0, stress_counts.wrong[i]))
			kprintf("     it was wrong %u (tests/stress/stress.h)\n", i);
	check_eq(0, traffic_counts.bad_payload);
}

/* --- Exactly so many --------------------------------------------------------------------------- */

/* The holdings of the counting phase: a session, an fmod_ret, an fexit and an fentry on every test
 * function. */
static void attach_counted(void)
{
	static const enum hook_kind kinds[] = { HOOK_FENTRY, HOOK_FMOD_RET, HOOK_FEXIT, HOOK_FENTRY };
	static struct site *sites[STRESS_SITES];
	char text[200];
	struct strbuf log = STRBUF(text);

	for (u32 i = 0; i < stress_function_count(); i++)
		sites[i] = stress_function(i);
	tramp_lock();
	for (u32 i = 0; i < array_len(kinds); i++) {
		struct holding *h = &stress_holdings[i];
		stress_make_hooks(h, kinds[i], i == 0);
		check_eq(OK, tramp_add(sites, stress_function_count(), h->hooks, h->hook_count, &log));
	}
	tramp_unlock();
}

static void detach_counted(void)
{
	static struct site *sites[STRESS_SITES];
	char text[200];
	struct strbuf log = STRBUF(text);

	for (u32 i = 0; i < stress_function_count(); i++)
		sites[i] = stress_function(i);
	tramp_lock();
	for (u32 i = 0; i < 4; i++)
		check_eq(OK, tramp_remove(sites, stress_function_count(), &stress_holdings[i], &log));
	tramp_unlock();
}

/* No call is in progress when hooks are attached and when they are detached: they see every call between, and
 * no other. */
static void count_exactly(void)
{
	struct stress_calls before = stress_calls;
	u64 n = (u64)COUNTED * cpu_count() * stress_function_count();

	attach_counted();
	begin_phase(COUNT);
	end_phase();
	detach_counted();
	check_eq(before.calls + n, stress_calls.calls);
	check_eq(before.entries + 2 * n, stress_calls.entries);
	check_eq(before.exits + 2 * n, stress_calls.exits);
	check_eq(before.mods + n, stress_calls.mods);
	before = stress_calls;
	begin_phase(COUNT);
	end_phase();
	check_eq(before.calls + n, stress_calls.calls);
	check_eq(before.entries + before.exits + before.mods,
		 stress_calls.entries + stress_calls.exits + stress_calls.mods);
}

/* Of one function, by the same program in all kinds but raw_tp, which on a shared site all have their
 * place. */
static void count_programs(u32 task)
{
	struct object *o = stress_object(task);
	u64 *value = o->maps[0]->ops->lookup(o->maps[0], &(u32){ 0 });
	u64 n = (u64)COUNTED * cpu_count(), before = *value;
	char text[200];
	struct strbuf log = STRBUF(text);

	tramp_lock();
	check_eq(OK, share_set_mode(true, &log));
	tramp_unlock();
	check_eq(OK, attach_progs(o->progs, o->prog_count - 1, &(struct attach_options){ .func = "sc_stack" },
				  &log));
	begin_phase(COUNT);
	end_phase();
	check_eq(OK, detach_progs(o->progs, o->prog_count - 1, NULL, &log));
	check_eq(before + 7 * n, *value); /* six, and the session twice */
	tramp_lock();
	check_eq(OK, share_set_mode(false, &log));
	tramp_unlock();
}

/* --- Rounds ------------------------------------------------------------------------------------ */

static void set_back_options(void)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	heap_fail_after(0);
	tramp_lock();
	check_eq(OK, tramp_set_options((struct plan_options){ .by_jmp = true }, &log));
	check_eq(OK, share_set_mode(false, &log));
	tramp_unlock();
}

static void run_for_a_while(void)
{
	if (flood)
		check_eq(OK, traffic_start());
	begin_phase(RUN);
	msleep(ROUND_MS);
	write_once(work.phase, WAIT);
	end_phase();
	traffic_stop();
}

static u64 sum_wrong(void)
{
	u64 sum = stress_calls.wrong;
	for (u32 i = 0; i < STRESS_WRONGS; i++)
		sum += stress_counts.wrong[i];
	return sum;
}

/* False: something is wrong, and more rounds would only say so again. */
static bool one_round(u32 round, const struct in_use *start)
{
	if (!check(stress_load()))
		return false;
	flood = round % 4 == 0;
	run_for_a_while();
	stress_progress();
	set_back_options();
	count_exactly();
	count_programs(round % STRESS_TASKS);
	stress_progress();
	check(drain_images());
	check(stress_unload());
	free_shadow_stacks();
	rcu_barrier();
	task_for_each_held(check_task, NULL);
	check_cpus();
	check_sites();
	check_sums();
	check_audit_clean();
	stress_progress();
	return settles_at(start) && sum_wrong() == 0;
}

static u64 attaches(void)
{
	u64 sum = 0;
	for (u32 i = 0; i < WAYS; i++)
		sum += stress_counts.attached[i];
	return sum;
}

static void report(const char *what, u32 rounds)
{
	const struct stress_counts *c = &stress_counts;
	const struct stress_calls *n = &stress_calls;
	kprintf(
	    "     %s: %u pauses; %llu attached (hooks %llu, programs %llu, tracepoints %llu, ftrace %llu, "
	    "graph %llu, kprobes %llu, kretprobes %llu), %llu refused, %llu toggles; %llu calls, %llu hooks "
	    "in them, %llu replaced, "
	    "%llu hooks elsewhere\n",
	    what, rounds, attaches(), c->attached[WAY_HOOKS], c->attached[WAY_PROG],
	    c->attached[WAY_TRACEPOINT], c->attached[WAY_FTRACE], c->attached[WAY_GRAPH],
	    c->attached[WAY_KPROBE], c->attached[WAY_KRETPROBE], c->refused, c->toggles, n->calls,
	    n->entries + n->exits + n->mods, n->replaced, c->hits);
}

static u64 number_option(const char *name, u64 otherwise)
{
	const char *s = boot_option(name);
	u64 n = 0;
	if (!s)
		return otherwise;
	for (; *s >= '0' && *s <= '9'; s++)
		n = n * 10 + (u64)(*s - '0');
	return n;
}

/* What is made at first use and then stays: tasks, memory of the heap. */
static struct in_use usage_at_rest(void)
{
	check_eq(OK, traffic_start());
	traffic_stop();
	check(drain_images());
	rcu_barrier();
	return in_use();
}

TEST(stress)
{
	u64 end = ktime_get_ns() + number_option("stress", 0) * 1000000000,
	    next_report = ktime_get_ns() + REPORT_NS;
	struct in_use start;
	u32 rounds = 0, targets;

	seed = number_option("seed", 1);
	stress_watch();
	targets = stress_find_targets();
	kprintf("     seed %llu, %u functions of the kernel and %u of its own\n", seed, targets,
		stress_function_count());
	check(targets > 100);
	require(start_workers());
	start = usage_at_rest();
	do {
		if (!one_round(rounds++, &start))
			break;
		if (ktime_get_ns() >= next_report) {
			report("so far", rounds);
			next_report = ktime_get_ns() + REPORT_NS;
		}
	} while (ktime_get_ns() < end);
	begin_phase(END);
	end_phase();
	stress_unwatch();
	report("in all", rounds);
	check(attaches() > 0);
}
