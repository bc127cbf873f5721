// SPDX-License-Identifier: MIT
// Attaches to functions in every way, at random, and detaches. A task has STRESS_HELD holdings; a step fills
// a free one or empties one that is in use.
#include "kernel/io/blobs.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/mem/sym.h"
#include "kernel/net/traffic.h"
#include "kernel/cpu/trap.h"
#include "tests/stress/stress.h"
#include "tests/test.h"
#include "attach/attach.h"
#include "tramp/ftrace/share.h"
#include "tramp/text/tracepoint.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"
#include "vm/object.h"

enum { MAX_SITES = 4096, MAX_TARGETS = 1024 };

struct holding stress_holdings[STRESS_HOLDINGS];
struct stress_counts stress_counts;

static struct site *targets[MAX_TARGETS];
static u32 target_count;

u32 stress_random(struct stress_random *r, u32 below)
{
	u64 x = r->state;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	r->state = x;
	return (u32)(x >> 32) % below;
}

static void count(u64 *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* --- What is called ---------------------------------------------------------------------------- */

static notrace struct tally *tally_of(uptr func, u64 first_argument)
{
	return stress_is_function(func) ? (struct tally *)first_argument : NULL;
}

/* context as plan.h draws it, down to the cookie: the number of the holding. */
static notrace u32 number_of(const u64 *context)
{
	return (u32)context[-3];
}

static notrace u64 session_mark(const u64 *context)
{
	return context[-2] ^ (uptr)context ^ number_of(context);
}

/* The word is 0 at entry, and at return what the entry left. */
static notrace void check_session(u64 *context, bool is_return)
{
	u32 at = (u8)(context[-1] >> 8);
	if (context[-1] >> 63 != is_return || context[-(i64)at] != (is_return ? session_mark(context) : 0))
		count(&stress_counts.wrong[WRONG_SESSION]);
	context[-(i64)at] = session_mark(context);
}

static notrace u64 on_entry(const u64 *context)
{
	struct tally *t = tally_of(context[-2], context[0]);
	if (!t) {
		count(&stress_counts.hits);
		return 0;
	}
	t->entries[number_of(context)]++;
	count(&stress_holdings[number_of(context)].entries);
	return 0;
}

static notrace u64 on_exit(const u64 *context)
{
	struct tally *t = tally_of(context[-2], context[0]);
	if (!t) {
		count(&stress_counts.hits);
		return 0;
	}
	t->exits[number_of(context)]++;
	count(&stress_holdings[number_of(context)].exits);
	return 0;
}

static notrace u64 on_session_entry(const u64 *context)
{
	check_session((u64 *)context, false);
	return on_entry(context);
}

static notrace u64 on_session_exit(const u64 *context)
{
	check_session((u64 *)context, true);
	return on_exit(context);
}

/* Mostly lets the function run. */
static notrace u64 on_mod(const u64 *context)
{
	struct tally *t = tally_of(context[-2], context[0]);
	if (!t) {
		count(&stress_counts.hits);
		return 0;
	}
	t->mods[number_of(context)]++;
	count(&stress_holdings[number_of(context)].mods);
	if (!stress_may_replace(context[-2]) || t->x % 8)
		return 0;
	t->replaced++;
	return STRESS_REPLACED;
}

/* Where one may sleep, it does so at times. */
static notrace u64 on_sleepable(const u64 *context)
{
	static u32 turns;
	on_entry(context);
	if (__atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED) % 16 == 0)
		msleep(1);
	return 0;
}

static notrace u64 in_place_of_plain(struct tally *t, u64 x unused)
{
	t->replaced++;
	return STRESS_REPLACED;
}

static notrace void on_ftrace(uptr ip, uptr parent_ip unused, struct ftrace_ops *ops, struct pt_regs *regs)
{
	struct tally *t = tally_of(ip, regs->di);
	struct holding *h = ops->private;
	/* Who replaces a function may have been before this one. */
	if ((regs->ip != ip + SITE_LEN && regs->ip != (uptr)in_place_of_plain) || h->way != WAY_FTRACE)
		count(&stress_counts.wrong[WRONG_FTRACE]);
	if (!t) {
		count(&stress_counts.hits);
		return;
	}
	t->entries[h - stress_holdings]++;
	count(&h->entries);
}

static notrace bool on_graph_entry(struct fgraph_ops *g, const struct fgraph_call *call unused)
{
	struct holding *h = g->private;
	count(&h->begun);
	return true;
}

static notrace void on_graph_return(struct fgraph_ops *g, const struct fgraph_call *call unused,
				    u64 ns unused, u64 value unused)
{
	struct holding *h = g->private;
	count(&h->ended);
}

static notrace void on_kprobe(struct kprobe *p, struct pt_regs *regs)
{
	struct holding *h = p->private;
	struct tally *t = tally_of(regs->ip, regs->di);
	if (regs->ip != p->addr || h->way != WAY_KPROBE)
		count(&stress_counts.wrong[WRONG_KPROBE]);
	if (!t) {
		count(&stress_counts.hits);
		return;
	}
	t->entries[h - stress_holdings]++;
	count(&h->entries);
}

static notrace void on_return(struct kretprobe *rp, uptr ret_addr, struct pt_regs *regs)
{
	struct holding *h = rp->kp.private;
	count(h->way == WAY_KRETPROBE && regs->ip == ret_addr ? &h->ended
							      : &stress_counts.wrong[WRONG_RETURN]);
}

/* --- Which functions --------------------------------------------------------------------------- */

/* Half of the time one of the test functions. */
static struct site *any_site(struct stress_random *r)
{
	if (!target_count || stress_random(r, 2))
		return stress_function(stress_random(r, stress_function_count()));
	return targets[stress_random(r, target_count)];
}

/* One, or several; no one twice. */
static void choose_sites(struct holding *h, struct stress_random *r)
{
	u32 wanted = stress_random(r, 3) ? 1 : 2 + stress_random(r, STRESS_SITES - 1);
	h->count = 0;
	while (wanted--) {
		struct site *s = any_site(r);
		u32 i = 0;
		while (i < h->count && h->sites[i] != s)
			i++;
		if (i == h->count)
			h->sites[h->count++] = s;
	}
}

/* --- Hooks ------------------------------------------------------------------------------------- */

static struct hook make_hook(struct holding *h, enum hook_kind kind, bool session)
{
	static u64 (*const code[2][3])(const u64 *) = {
		{ [HOOK_FENTRY] = on_entry, [HOOK_FMOD_RET] = on_mod, [HOOK_FEXIT] = on_exit },
		{ [HOOK_FENTRY] = on_session_entry, [HOOK_FEXIT] = on_session_exit },
	};
	return (struct hook){ .kind = kind,
			      .session = session,
			      .code = (uptr)code[session][kind],
			      .name = "stress",
			      .owner = h,
			      .users = &h->users,
			      .cookie = h - stress_holdings,
			      .runs = &h->runs,
			      .ticks = &h->ticks,
			      .header_words = 3,
			      .missed = &h->missed };
}

void stress_make_hooks(struct holding *h, enum hook_kind kind, bool session)
{
	h->hooks[0] = make_hook(h, kind, session);
	h->hooks[1] = make_hook(h, HOOK_FEXIT, session);
	h->hook_count = session ? 2 : 1;
}

/* Recursion of a guarded hook is counted by slot: those of programs that are loaded and never attached. */
static struct prog *slots[STRESS_HOLDINGS];

static void keep_one_that_may_sleep(struct holding *h, struct stress_random *r)
{
	h->count = 1;
	while (!h->sites[0]->may_sleep)
		h->sites[0] = any_site(r);
}

static void choose_hooks(struct holding *h, struct stress_random *r)
{
	u32 kind = stress_random(r, 5);
	stress_make_hooks(h, kind == 1 ? HOOK_FMOD_RET : kind == 2 ? HOOK_FEXIT : HOOK_FENTRY, kind == 3);
	if (kind == 4) {
		keep_one_that_may_sleep(h, r);
		h->hooks[0].code = (uptr)on_sleepable;
		h->hooks[0].may_sleep = h->hooks[0].per_cpu = h->hooks[0].guarded = true;
	}
	for (u32 i = 0; i < h->hook_count; i++) {
		h->hooks[i].active_slot = slots[h - stress_holdings]->slot;
		h->hooks[i].per_cpu |= stress_random(r, 4) == 0;
	}
}

static enum err attach_hooks(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	choose_sites(h, r);
	choose_hooks(h, r);
	tramp_lock();
	enum err e = tramp_add(h->sites, h->count, h->hooks, h->hook_count, log);
	tramp_unlock();
	return e;
}

static enum err detach_hooks(struct holding *h, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(h->sites, h->count, h, log);
	tramp_unlock();
	return e;
}

/* --- Programs ---------------------------------------------------------------------------------- */

/* Of each task its own: the program of progs/count.bpf.c in every kind. */
static struct object *objects[STRESS_TASKS];

struct object *stress_object(u32 task)
{
	return objects[task];
}

static bool load(struct object **o, u32 task)
{
	char name[16], text[200];
	struct strbuf log = STRBUF(text), s = STRBUF(name);
	const struct blob *b = builtin_objects;

	while (strcmp(b->name, "count"))
		b++;
	str_printf(&s, "stress_%u", task);
	return object_load(o, name, b->start, (size_t)(b->end - b->start),
			   task % 2 ? PROG_INTERPRET : PROG_JIT, &log) == OK;
}

bool stress_load(void)
{
	static const struct insn nothing[] = { { .op = OPCODE_MOV64_K },
					       { .op = OPCODE_EXIT } }; /* r0 = 0; exit */
	char text[200];
	struct strbuf log = STRBUF(text);

	for (u32 i = 0; i < STRESS_HOLDINGS; i++)
		if (prog_load_raw(&slots[i], "stress_slot", nothing, array_len(nothing), PROG_JIT, &log))
			return false;
	for (u32 i = 0; i < STRESS_TASKS; i++)
		if (!load(&objects[i], i))
			return false;
	return true;
}

bool stress_unload(void)
{
	for (u32 i = 0; i < STRESS_HOLDINGS; i++) {
		if (slots[i])
			prog_free(slots[i]);
		slots[i] = NULL;
	}
	for (u32 i = 0; i < STRESS_TASKS; i++) {
		if (objects[i] && object_unload(objects[i]))
			return false;
		objects[i] = NULL;
	}
	return true;
}

/* Another holding's program would be detached with this one. */
static bool is_attached(const struct prog *p)
{
	for (u32 i = 0; i < STRESS_HOLDINGS; i++)
		if (stress_holdings[i].way == WAY_PROG && stress_holdings[i].prog == p)
			return true;
	return false;
}

/* Where to: a function, all functions like a pattern, or another program. */
static const char *any_place(const struct prog *p, struct stress_random *r)
{
	static const char *const places[] = { "sc_*", "skb_*", "*sched*", "stress_0/count_fentry",
					      "stress_1/count_fexit" };

	if (p->type == PROG_RAW_TP)
		return tracepoint_nth(stress_random(r, tracepoint_count()))->name;
	if (p->type == PROG_KPROBE || p->type == PROG_KRETPROBE || stress_random(r, 4))
		return any_site(r)->name;
	return places[stress_random(r, array_len(places))];
}

static enum err attach_prog(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	const struct object *o = objects[(h - stress_holdings) / STRESS_HELD];
	struct prog *p = o->progs[stress_random(r, o->prog_count)];
	struct attach_options options = { .cookie = (uptr)h };
	enum err e;

	if (is_attached(p))
		return EEXIST;
	h->prog = p;
	options.func = any_place(p, r);
	e = attach_progs(&h->prog, 1, &options, log);
	return e == EINVAL && prog_named(options.func) ? EOPNOTSUPP
						       : e; /* traces itself, or another's kind */
}

static enum err detach_prog(struct holding *h, struct strbuf *log)
{
	return detach_progs(&h->prog, 1, NULL, log);
}

/* --- Tracepoints ------------------------------------------------------------------------------- */

static enum err attach_tracepoint(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	struct tracepoint *tp = tracepoint_nth(stress_random(r, tracepoint_count()));

	h->tracepoint = tp;
	h->sites[0] = tp->site;
	stress_make_hooks(h, HOOK_FENTRY, false);
	tramp_lock();
	enum err e = tramp_add(h->sites, 1, h->hooks, 1, log);
	if (!e)
		check_eq(OK, tracepoint_enable(tp, log));
	tramp_unlock();
	return e;
}

static enum err detach_tracepoint(struct holding *h, struct strbuf *log)
{
	tramp_lock();
	check_eq(OK, tracepoint_disable(h->tracepoint, log));
	enum err e = tramp_remove(h->sites, 1, h, log);
	tramp_unlock();
	return e;
}

/* --- ftrace ------------------------------------------------------------------------------------ */

static u32 ips_of(const struct holding *h, uptr ips[STRESS_SITES])
{
	for (u32 i = 0; i < h->count; i++)
		ips[i] = h->sites[i]->addr;
	return h->count;
}

static notrace void on_ftrace_replacing(uptr ip, uptr parent_ip, struct ftrace_ops *ops, struct pt_regs *regs)
{
	on_ftrace(ip, parent_ip, ops, regs);
	if (((const struct tally *)regs->di)->x % 8 == 0)
		regs->ip = (uptr)in_place_of_plain;
}

static void choose_ftrace(struct holding *h, struct stress_random *r)
{
	u32 flags = stress_random(r, 5);

	choose_sites(h, r);
	h->ops = (struct ftrace_ops){ .func = on_ftrace, .name = "stress", .private = h };
	h->ops.flags = (flags & 1 ? FTRACE_OPS_SAVE_REGS : 0) | (flags & 2 ? FTRACE_OPS_RECURSION : 0);
	if (flags < 4)
		return;
	h->ops.func = on_ftrace_replacing;
	h->ops.flags = FTRACE_OPS_SAVE_REGS | FTRACE_OPS_IPMODIFY;
	h->sites[0] = site_named("sc_plain");
	h->count = 1;
}

static enum err attach_ftrace(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	uptr ips[STRESS_SITES];

	choose_ftrace(h, r);
	enum err e = ftrace_set_filter_ips(&h->ops, ips, ips_of(h, ips), false, log);
	h->way = WAY_FTRACE; /* it is called before this returns */
	if (!e)
		e = register_ftrace_function(&h->ops, log);
	if (e)
		ftrace_free_filter(&h->ops);
	return e;
}

static enum err detach_ftrace(struct holding *h, struct strbuf *log)
{
	return unregister_ftrace_function(&h->ops, log);
}

static enum err hold_graph(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	uptr ips[STRESS_SITES];

	choose_sites(h, r);
	h->graph = (struct fgraph_ops){
		.entryfunc = on_graph_entry, .retfunc = on_graph_return, .name = "stress", .private = h
	};
	fgraph_prepare(&h->graph);
	enum err e = ftrace_set_filter_ips(&h->graph.ops, ips, ips_of(h, ips), false, log);
	h->begun = h->ended = 0;
	if (!e)
		e = register_ftrace_graph(&h->graph, log);
	if (e)
		ftrace_free_filter(&h->graph.ops);
	return e;
}

static enum err release_graph(struct holding *h, struct strbuf *log)
{
	enum err e = unregister_ftrace_graph(&h->graph, log);
	if (h->ended > h->begun)
		count(&stress_counts.wrong[WRONG_GRAPH]);
	return e;
}

/* --- Probes ------------------------------------------------------------------------------------ */

/* Anywhere in a function; often enough where an instruction begins. */
static enum err attach_kprobe(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	const struct site *s = any_site(r);
	enum err e = EINVAL;
	struct sym sym;

	if (!sym_at(s->addr, &sym))
		return ENOENT;
	h->way = WAY_KPROBE; /* it is called before this returns */
	for (u32 tries = 0; e == EINVAL && tries < 32; tries++) {
		u32 offset = stress_random(r, 4) ? stress_random(r, sym.len) : 0;
		h->probe.kp = (struct kprobe){
			.addr = s->addr + offset, .name = "stress", .pre_handler = on_kprobe, .private = h
		};
		log->len = 0;
		e = register_kprobe(&h->probe.kp, offset ? stress_random(r, 3) : KPROBE_AUTO, log);
	}
	return e == EINVAL ? EOPNOTSUPP : e;
}

static enum err detach_kprobe(struct holding *h, struct strbuf *log unused)
{
	unregister_kprobe(&h->probe.kp);
	return OK;
}

static enum err attach_kretprobe(struct holding *h, struct stress_random *r, struct strbuf *log)
{
	h->way = WAY_KRETPROBE;
	h->probe = (struct kretprobe){ .kp = { .addr = any_site(r)->addr, .name = "stress", .private = h },
				       .handler = on_return,
				       .maxactive = stress_random(r, 2) };
	return register_kretprobe(&h->probe, stress_random(r, 2) ? KPROBE_AUTO : KPROBE_INT3, log);
}

static enum err detach_kretprobe(struct holding *h, struct strbuf *log unused)
{
	unregister_kretprobe(&h->probe);
	return OK;
}

/* --- Steps ------------------------------------------------------------------------------------- */

static const struct {
	enum err (*attach)(struct holding *h, struct stress_random *r, struct strbuf *log);
	enum err (*detach)(struct holding *h, struct strbuf *log);
	u32 weight;
} ways[WAYS] = {
	[WAY_HOOKS] = { attach_hooks, detach_hooks, 4 },
	[WAY_PROG] = { attach_prog, detach_prog, 2 },
	[WAY_TRACEPOINT] = { attach_tracepoint, detach_tracepoint, 1 },
	[WAY_FTRACE] = { attach_ftrace, detach_ftrace, 2 },
	[WAY_GRAPH] = { hold_graph, release_graph, 1 },
	[WAY_KPROBE] = { attach_kprobe, detach_kprobe, 2 },
	[WAY_KRETPROBE] = { attach_kretprobe, detach_kretprobe, 1 },
};

static enum way any_way(struct stress_random *r)
{
	u32 all = 0, n, way = 1;
	for (u32 i = 1; i < WAYS; i++)
		all += ways[i].weight;
	for (n = stress_random(r, all); n >= ways[way].weight; way++)
		n -= ways[way].weight;
	return way;
}

/* What is no fault: the function has another owner, has it already, has enough, or is not for this, as most are not for
 * fmod_ret; and memory is made to fail at times. */
static bool is_refusal(enum err e, const char *text)
{
	return e == ENOMEM || e == EBUSY || e == EEXIST || e == E2BIG || e == EOPNOTSUPP ||
	       str_matches(text, "no program may return something in place of *") ||
	       str_matches(text, "count_fmod_ret can be attached to no function *");
}

static void fill(struct holding *h, struct stress_random *r)
{
	enum way way = any_way(r);
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	enum err e = ways[way].attach(h, r, &log);

	h->way = e ? WAY_NONE : way;
	count(e ? &stress_counts.refused : &stress_counts.attached[way]);
	if (e && !check(is_refusal(e, text)))
		kprintf("     way %u gave %s: %s\n", way, err_name(e), text);
}

static void empty(struct holding *h)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);

	if (!check_eq(OK, ways[h->way].detach(h, &log)))
		kprintf("     way %u: %s\n", h->way, text);
	h->way = WAY_NONE;
	count(&stress_counts.detached);
}

/* Another filter while it is in use. */
static void refilter(struct holding *h, struct stress_random *r)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	enum err e = ftrace_set_filter_ip(&h->ops, any_site(r)->addr, stress_random(r, 2), &log);

	if (e && !check(is_refusal(e, text)))
		kprintf("     filter: %s: %s\n", err_name(e), text);
}

/* How all images are, and whether sites may be shared. */
static void toggle(struct stress_random *r)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	u32 what = stress_random(r, 4);

	enum err e = OK;
	tramp_lock();
	if (what == 0)
		share_set_mode(!share_mode(), &log); /* EBUSY while a site is shared */
	else
		e = tramp_set_options((struct plan_options){ .by_jmp = what & 1, .stats = what & 2 }, &log);
	tramp_unlock();
	check(e == OK || e == ENOMEM);
	count(&stress_counts.toggles);
}

void stress_step(u32 task, struct stress_random *r)
{
	struct holding *h = &stress_holdings[task * STRESS_HELD + stress_random(r, STRESS_HELD)];

	if (stress_random(r, 16) == 0)
		heap_fail_after(1 + stress_random(r, 16));
	if (stress_random(r, 32) == 0)
		toggle(r);
	else if (h->way == WAY_FTRACE && !(h->ops.flags & FTRACE_OPS_IPMODIFY) && stress_random(r, 2))
		refilter(h, r);
	else if (h->way)
		empty(h);
	else
		fill(h, r);
}

void stress_release(u32 task)
{
	for (u32 i = 0; i < STRESS_HELD; i++)
		if (stress_holdings[task * STRESS_HELD + i].way)
			empty(&stress_holdings[task * STRESS_HELD + i]);
}

/* --- The functions that run --------------------------------------------------------------------- */

static u8 was_hit[MAX_SITES];
static const struct site *first_site; /* site_nth can be traced itself */

static notrace u64 note_hit(const u64 *context)
{
	const struct site *s = site_at(context[-2]);
	was_hit[s - first_site] = 1;
	return 0;
}

/* The tests are linked behind the kernel. */
static bool is_of_tests(const struct site *s)
{
	return s->addr >= (uptr)tests_run;
}

/* What the stress itself will do most: packets, wake-ups, programs and images that come and go. */
static void run_through_everything(void)
{
	struct stress_random r = { 1 };

	check_eq(OK, traffic_start());
	check(stress_load());
	check_eq(OK, traffic_net(64));
	check_eq(OK, traffic_wake(4));
	for (u32 i = 0; i < 2 * STRESS_HELD; i++)
		stress_step(0, &r);
	heap_fail_after(0);
	stress_release(0);
	traffic_stop();
	while (image_reap())
		msleep(1);
	check(stress_unload());
}

u32 stress_find_targets(void)
{
	static struct site *all[MAX_SITES];
	static u32 users;
	static u64 runs, ticks;
	const struct hook h = { .kind = HOOK_FENTRY,
				.code = (uptr)note_hit,
				.name = "note_hit",
				.owner = &users,
				.users = &users,
				.runs = &runs,
				.ticks = &ticks,
				.header_words = 2 };
	char text[200];
	struct strbuf log = STRBUF(text);
	struct model m;
	u32 n = 0;

	first_site = site_nth(0);
	tramp_lock();
	for (u32 i = 0; i < min(site_count(), (u32)MAX_SITES); i++)
		if (!is_of_tests(site_nth(i)) && tramp_check(site_nth(i), &h, 1, &m, &log) == OK)
			all[n++] = site_nth(i);
	check_eq(OK, tramp_add(all, n, &h, 1, &log));
	tramp_unlock();
	run_through_everything();
	tramp_lock();
	check_eq(OK, tramp_remove(all, n, &users, &log));
	tramp_unlock();
	for (u32 i = 0; i < n && target_count < MAX_TARGETS; i++)
		if (was_hit[all[i] - first_site])
			targets[target_count++] = all[i];
	return target_count;
}
