// SPDX-License-Identifier: MIT
// tramp/ftrace: what callbacks see and what they leave alone, which caller calls them, and which users may
// share a site.
#include "tests/in_use.h"
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/cpu/backtrace.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "shell/shell.h"
#include "kernel/net/skb.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/task.h"
#include "kernel/mem/text.h"
#include "kernel/trace/trace.h"
#include "kernel/net/traffic.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/audit.h"
#include "tramp/ftrace/fgraph.h"
#include "tramp/ftrace/ftrace.h"
#include "tramp/ftrace/caller.h"
#include "tramp/ftrace/hash.h"
#include "tramp/text/poke.h"
#include "tramp/ftrace/share.h"
#include "tramp/tramp.h"

static char text[300];

static struct strbuf new_log(void)
{
	text[0] = 0;
	return STRBUF(text);
}

static struct site *site_of(void *fn)
{
	return site_at((uptr)fn);
}

static enum err attach_to(struct ftrace_ops *ops, void *fn)
{
	struct strbuf log = new_log();
	enum err e = ftrace_set_filter_ip(ops, (uptr)fn, false, &log);
	if (!e)
		e = register_ftrace_function(ops, &log);
	if (e)
		ftrace_free_filter(ops);
	return e;
}

static void detach(struct ftrace_ops *ops)
{
	struct strbuf log = new_log();
	if (!check_eq(OK, unregister_ftrace_function(ops, &log)))
		kprintf("     %s\n", text);
}

/* Only what does not fit, or that nothing does. */
static void say_line(const char *line)
{
	if (!str_matches(line, "audit clean*"))
		kprintf("     %s\n", line);
}

static u32 audit_now(void)
{
	tramp_lock();
	u32 wrong = audit(say_line);
	tramp_unlock();
	return wrong;
}

/* The name of what the site calls. */
static const char *calls(void *fn)
{
	u8 want[SITE_LEN];
	if (!site_of(fn)->ftrace)
		return "nothing";
	ftrace_site_bytes(site_of(fn), want);
	return memcmp(fn, want, SITE_LEN) ? "something else" : text_find(site_of(fn)->ftrace)->name;
}

/* --- What a callback sees --------------------------------------------------------------------------------- */

static struct {
	uptr ip, parent_ip;
	struct ftrace_ops *ops;
	struct pt_regs regs;
	u32 preempt_count;
} seen;
static u64 hits;

static notrace void see(uptr ip, uptr parent_ip, struct ftrace_ops *ops, struct pt_regs *regs)
{
	seen.ip = ip;
	seen.parent_ip = parent_ip;
	seen.ops = ops;
	seen.regs = *regs;
	seen.preempt_count = preempt_count();
	hits++;
}

static struct ftrace_ops plain_ops = { .func = see, .name = "plain" };
static struct ftrace_ops regs_ops = { .func = see, .name = "regs", .flags = FTRACE_OPS_SAVE_REGS };

/* Stores the registers that it was called with. */
u64 ft_found[17];
#define STORE(reg, n) "movq %%" reg ", ft_found+8*" #n "\n"

static traceable void ft_store(void)
{
	__asm__ volatile(STORE("rax", 0) STORE("rcx", 1) STORE("rdx", 2) STORE("rsi", 3) STORE("rdi", 4)
			     STORE("r8", 5) STORE("r9", 6) STORE("r10", 7) STORE("r11", 8) STORE("rbx", 9)
				 STORE("r12", 10) STORE("r13", 11) STORE("r14", 12) STORE(
				     "r15", 13) "pushfq\n popq ft_found+8*14\n"
						"movq (%%rbp), %%rax\n" STORE(
						    "rax", 15) "leaq 8(%%rbp), %%rax\n" STORE("rax", 16)::
						    : "rax", "memory");
}

enum { PLAIN_KEEPS = 7, ALL_KEPT = 15, ALL_FLAGS = 0x8d5 /* CF PF AF ZF SF OF */ };

#define LOAD(n, reg) "movq " #n "*8(%%rax), %%" reg "\n"

/* Calls ft_store with want[0..13] in the registers, want[14] in the flags, want[15] in rbp. */
static notrace void call_with(const u64 want[16])
{
	__asm__ volatile("pushq %%rbp\n pushq 14*8(%%rax)\n popfq\n" LOAD(1, "rcx") LOAD(2, "rdx")
			     LOAD(3, "rsi") LOAD(4, "rdi") LOAD(5, "r8") LOAD(6, "r9") LOAD(7, "r10")
				 LOAD(8, "r11") LOAD(9, "rbx") LOAD(10, "r12") LOAD(11, "r13") LOAD(12, "r14")
				     LOAD(13, "r15") LOAD(15, "rbp")
					 LOAD(0, "rax") "call ft_store\n popq %%rbp\n" ::"a"(want)
			 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "rbx", "r12", "r13", "r14",
			   "r15", "memory", "cc");
}

static void fill_want(u64 want[16], u64 flags)
{
	for (u32 i = 0; i < 16; i++)
		want[i] = 0x1111111111111111ull * (i + 1) % 0xfffffffffffffff1ull;
	want[14] = flags | 2; /* a bit that is always set */
}

/* How many of the first count registers did not survive. */
static u32 differences(const u64 *want, u32 count)
{
	u32 n = 0;
	for (u32 i = 0; i < count; i++)
		n += want[i] != ft_found[i];
	return n;
}

TEST(ftrace_callback_gets_ip_parent_ops_and_arguments)
{
	u64 want[16];
	fill_want(want, 0x200);
	hits = 0;
	require(attach_to(&plain_ops, ft_store) == OK);
	call_with(want);
	detach(&plain_ops);
	check_eq(1, hits);
	check_eq((uptr)ft_store, seen.ip);
	check(seen.parent_ip - (uptr)call_with < 300);
	check_eq((uptr)&plain_ops, (uptr)seen.ops);
	check_eq(1, seen.preempt_count);
	check_eq((uptr)ft_store + SITE_LEN, seen.regs.ip);
	check_eq(ft_found[16], seen.regs.sp);
	check_eq(want[4], seen.regs.di);
	check_eq(want[3], seen.regs.si);
	check_eq(want[2], seen.regs.dx);
	check_eq(want[1], seen.regs.cx);
	check_eq(want[5], seen.regs.r8);
	check_eq(want[6], seen.regs.r9);
	check_eq(want[0], seen.regs.ax);
	check_eq(want[15], seen.regs.bp);
	check_eq(0, differences(want, PLAIN_KEEPS));
	check_eq(want[15], ft_found[15]);
	check(holds_nop((uptr)ft_store));
	check_eq(0, image_reap());
}

static void check_full_regs(const u64 *want)
{
	check_eq(want[9], seen.regs.bx);
	check_eq(want[10], seen.regs.r12);
	check_eq(want[11], seen.regs.r13);
	check_eq(want[12], seen.regs.r14);
	check_eq(want[13], seen.regs.r15);
	check_eq(want[7], seen.regs.r10);
	check_eq(want[8], seen.regs.r11);
	check_eq(want[0], seen.regs.ax);
	check_eq(want[4], seen.regs.di);
	check_eq(want[15], seen.regs.bp);
	check_eq(want[14], seen.regs.flags);
	check_eq(KERNEL_CS, seen.regs.cs);
	check_eq(KERNEL_DS, seen.regs.ss);
	check_eq(ft_found[16], seen.regs.sp);
	check_eq((uptr)ft_store + SITE_LEN, seen.regs.ip);
	check_eq(0, differences(want, ALL_KEPT));
	check_eq(want[15], ft_found[15]);
}

TEST(ftrace_full_caller_keeps_all_registers_and_flags)
{
	u64 want[16];
	require(attach_to(&regs_ops, ft_store) == OK);
	for (u32 i = 0; i < 2; i++) {
		fill_want(want, (i ? ALL_FLAGS : 0) | 0x200);
		call_with(want);
		check_full_regs(want);
	}
	require(attach_to(&plain_ops, ft_store) == OK); /* and through the list */
	check_str("ftrace_regs_caller", calls(ft_store));
	call_with(want);
	check_full_regs(want);
	detach(&regs_ops);
	detach(&plain_ops);
	check(holds_nop((uptr)ft_store));
}

TEST(ftrace_callers_cost_what_they_say)
{
	check_eq(168, ftrace_caller_info(false).pt_regs);
	check_eq(208, ftrace_caller_info(true).stack);
	check_eq(8, ftrace_caller_info(false).registers);
	check_eq(16, ftrace_caller_info(true).registers);
}

/* --- Who calls -------------------------------------------------------------------------------------------- */

static u64 counts[4];

static notrace void count_call(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops,
			       struct pt_regs *regs unused)
{
	__atomic_fetch_add((u64 *)ops->private, 1, __ATOMIC_RELAXED);
}

static struct ftrace_ops counters[4] = {
	{ .func = count_call, .name = "c0", .private = &counts[0] },
	{ .func = count_call, .name = "c1", .private = &counts[1] },
	{ .func = count_call, .name = "c2", .private = &counts[2] },
	{ .func = count_call, .name = "c3", .private = &counts[3], .flags = FTRACE_OPS_SAVE_REGS },
};

static u64 ft_last;
static traceable void ft_one(u64 x)
{
	ft_last = x;
}
static traceable void ft_two(u64 x)
{
	ft_last = x + 1;
}

static traceable void call_both(u64 times)
{
	memset(counts, 0, sizeof(counts));
	for (u64 i = 0; i < times; i++) {
		ft_one(i);
		ft_two(i);
	}
}

TEST(ftrace_own_caller_for_one_and_the_list_for_several)
{
	struct strbuf log = new_log();
	u32 bytes, blocks, bytes_after, blocks_after;
	text_usage(&bytes, &blocks);
	require(attach_to(&counters[0], ft_one) == OK);
	check_str("ftrace_trampoline_c0", calls(ft_one));
	require(attach_to(&counters[1], ft_one) == OK);
	check_str("ftrace_caller", calls(ft_one));
	require(attach_to(&counters[2], ft_two) == OK);
	check_str("ftrace_trampoline_c2", calls(ft_two));
	check_eq(0, audit_now());
	call_both(10);
	check_eq(10, counts[0]);
	check_eq(10, counts[1]);
	check_eq(10, counts[2]);
	require(attach_to(&counters[3], ft_one) == OK);
	check_str("ftrace_regs_caller", calls(ft_one));
	call_both(10);
	check_eq(10, counts[0]);
	check_eq(10, counts[1]);
	check_eq(10, counts[2]);
	check_eq(10, counts[3]);
	check_eq(OK, ftrace_set_filter_ip(&counters[2], (uptr)ft_one, false, &log));
	call_both(10);
	check_eq(10, counts[0]);
	check_eq(20, counts[2]);
	check_eq(OK, ftrace_set_filter_ip(&counters[2], (uptr)ft_two, true, &log));
	check(holds_nop((uptr)ft_two));
	detach(&counters[3]);
	check_str("ftrace_caller", calls(ft_one));
	detach(&counters[0]);
	detach(&counters[2]);
	check_str("ftrace_trampoline_c1", calls(ft_one));
	call_both(10);
	check_eq(0, counts[0] + counts[2] + counts[3]);
	check_eq(10, counts[1]);
	detach(&counters[1]);
	check(holds_nop((uptr)ft_one));
	text_usage(&bytes_after, &blocks_after);
	check_eq(bytes, bytes_after);
	check_eq(blocks, blocks_after);
}

TEST(ftrace_hash_holds_what_was_added)
{
	struct ftrace_hash *h = ftrace_hash_new(site_count());
	u32 n = 0;
	uptr ip;
	require(h);
	check(!ftrace_hash_has(NULL, 16));
	for (u32 i = 0; i < site_count(); i += 2)
		ftrace_hash_add(h, site_nth(i)->addr);
	for (u32 i = 0; i < site_count(); i++)
		check_eq(i % 2 == 0, ftrace_hash_has(h, site_nth(i)->addr));
	for (u32 i = 0; ftrace_hash_next(h, &i, &ip);)
		n++;
	check_eq(h->count, n);
	ftrace_hash_free(h);
}

/* --- Recursion -------------------------------------------------------------------------------------------- */

static u32 depth, deepest;

static notrace void call_itself(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
				struct pt_regs *regs unused)
{
	depth++;
	deepest = max(deepest, depth);
	ft_one(1);
	depth--;
}

TEST(ftrace_guarded_callback_does_not_call_itself)
{
	static struct ftrace_ops ops = { .func = call_itself,
					 .name = "again",
					 .flags = FTRACE_OPS_RECURSION };
	deepest = 0;
	require(attach_to(&ops, ft_one) == OK);
	ft_one(0);
	check_eq(1, deepest);
	check_eq(1, ops.missed);
	require(attach_to(&counters[0], ft_one) ==
		OK); /* through the list it is guarded, too; the other is not */
	memset(counts, 0, sizeof(counts));
	ft_one(0);
	check_eq(1, deepest);
	check_eq(2, ops.missed);
	check_eq(2, counts[0]);
	detach(&ops);
	detach(&counters[0]);
	check(holds_nop((uptr)ft_one));
}

/* --- Replacing a function --------------------------------------------------------------------------------- */

static traceable u64 ft_victim(u64 x)
{
	return x * 2;
}

static notrace u64 replacement(u64 x)
{
	u64 (*body)(u64) = (void *)((uptr)ft_victim + SITE_LEN);
	return body(x) + 1000;
}

static notrace void replace(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
			    struct pt_regs *regs)
{
	regs->ip = (uptr)replacement;
}

enum { REPLACES = FTRACE_OPS_SAVE_REGS | FTRACE_OPS_IPMODIFY };

TEST(ftrace_ipmodify_replaces_a_function_and_has_one_owner)
{
	static struct ftrace_ops ops = { .func = replace, .name = "first", .flags = REPLACES };
	static struct ftrace_ops other = { .func = replace, .name = "second", .flags = REPLACES };
	static struct ftrace_ops wrong = { .func = replace, .name = "wrong", .flags = FTRACE_OPS_IPMODIFY };
	require(attach_to(&ops, ft_victim) == OK);
	check_eq(1042, ft_victim(21));
	check_eq(EBUSY, attach_to(&other, ft_victim));
	check_str("ft_victim is replaced by first already, and only one can do that", text);
	check_eq(EINVAL, attach_to(&wrong, ft_victim));
	require(attach_to(&counters[0], ft_victim) == OK);
	counts[0] = 0;
	check_eq(1042, ft_victim(21));
	check_eq(1, counts[0]);
	detach(&ops);
	check_eq(42, ft_victim(21));
	detach(&counters[0]);
	check(holds_nop((uptr)ft_victim));
}

/* Only asks for the mail's line: what tasks there are to wake is the machine's business. */
TEST(ftrace_hijack_prints_and_leaves_the_nop)
{
	struct trace_line line;
	u32 lines = 0;
	u64 at = trace_end();
	check_eq(OK, shell_exec("hijack on; work wake 10"));
	check(!holds_nop((uptr)wake_up_process));
	check_eq(OK, shell_exec("hijack off"));
	check(holds_nop((uptr)wake_up_process));
	while (trace_read(&at, &line)) {
		check_str("my_wake_up_process", line.who);
		check(str_matches(line.message, "We are waking up *:*"));
		lines++;
	}
	check(lines >= 10);
}

/* --- Refusals and failures -------------------------------------------------------------------------------- */

TEST(ftrace_refuses_what_makes_no_sense)
{
	struct strbuf log = new_log();
	check_eq(EINVAL, ftrace_set_filter_ip(&counters[0], (uptr)ft_one + 1, false, &log));
	check(str_matches(text, "0x* is not the entry of a function that can be traced"));
	log = new_log();
	check_eq(EINVAL, register_ftrace_function(&counters[0], &log));
	check_str("c0 has no functions in its filter", text);
	log = new_log();
	check_eq(ENOENT, unregister_ftrace_function(&counters[0], &log));
	require(attach_to(&counters[0], ft_one) == OK);
	log = new_log();
	check_eq(EEXIST, register_ftrace_function(&counters[0], &log));
	detach(&counters[0]);
}

TEST(ftrace_undoes_everything_when_memory_runs_out)
{
	const uptr ips[] = { (uptr)ft_one, (uptr)ft_two, (uptr)ft_victim };
	u32 failures = 0;
	rcu_barrier();
	const struct in_use before = in_use();
	for (u32 nth = 1; nth < 100; nth++) {
		struct strbuf log = new_log();
		heap_fail_after(nth);
		enum err e = ftrace_set_filter_ips(&counters[0], ips, 3, false, &log);
		if (!e)
			e = register_ftrace_function(&counters[0], &log);
		heap_fail_after(0);
		if (!e)
			break;
		failures++;
		check_eq(ENOMEM, e);
		ftrace_free_filter(&counters[0]);
		rcu_barrier();
		check_in_use(&before);
		check(holds_nop((uptr)ft_one) && holds_nop((uptr)ft_two) && !site_of(ft_one)->ftrace);
	}
	check(failures >= 4);
	struct strbuf log = new_log();
	heap_fail_after(1);
	check_eq(OK, unregister_ftrace_function(&counters[0], &log));
	heap_fail_after(0);
	rcu_barrier();
	check_in_use(&before);
}

TEST(ftrace_changes_all_sites_or_none)
{
	const uptr ips[] = { (uptr)ft_one, (uptr)ft_two };
	struct strbuf log = new_log();
	u8 caller[SITE_LEN];
	put_other_nop((uptr)ft_two);
	check_eq(OK, ftrace_set_filter_ips(&counters[0], ips, 2, false, &log));
	check_eq(EINVAL, register_ftrace_function(&counters[0], &log));
	check(str_matches(text, "ft_two* expected 0f 1f 44 00 00 but found 0f 1f 44 00 08*"));
	check(holds_nop((uptr)ft_one));
	check(!site_of(ft_one)->ftrace && !site_of(ft_two)->ftrace);
	put_nop((uptr)ft_two);
	check_eq(OK, register_ftrace_function(&counters[0], &log));
	put_other_nop((uptr)ft_two);
	check_eq(EINVAL, unregister_ftrace_function(&counters[0], &log));
	check_str("ftrace_trampoline_c0", calls(ft_one));
	ftrace_site_bytes(site_of(ft_two), caller);
	text_patch((uptr)ft_two, caller, SITE_LEN);
	detach(&counters[0]);
	check(holds_nop((uptr)ft_one) && holds_nop((uptr)ft_two));
}

/* --- While it is in use ----------------------------------------------------------------------------------- */

static bool in, may_go, out;

static traceable void ft_sleep(void)
{
	write_once(in, true);
	while (!read_once(may_go))
		msleep(1);
}

static int sleeper(void *arg unused)
{
	ft_sleep();
	write_once(out, true);
	return 0;
}

TEST(ftrace_leaves_while_a_task_sleeps_in_the_function)
{
	u32 bytes, blocks, bytes_after, blocks_after;
	image_reap();
	text_usage(&bytes, &blocks);
	in = may_go = out = false;
	counts[0] = 0;
	require(attach_to(&counters[0], ft_sleep) == OK);
	require(kthread_run(sleeper, NULL, -1, "sleeper"));
	while (!read_once(in))
		msleep(1);
	detach(&counters[0]);
	text_usage(&bytes_after, &blocks_after);
	check_eq(blocks, blocks_after);
	check_eq(1, counts[0]);
	write_once(may_go, true);
	while (!read_once(out))
		msleep(1);
}

/* Backtraces go through the callers. */
static u32 functions_seen;

static notrace void find_functions(uptr addr, void *arg unused)
{
	struct sym sym;
	if (sym_at(addr, &sym) && (sym.addr == (uptr)ft_one || sym.addr == (uptr)call_both))
		functions_seen++;
}

static notrace void look_back(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
			      struct pt_regs *regs unused)
{
	functions_seen = 0;
	backtrace_walk(NULL, find_functions, NULL);
}

TEST(ftrace_backtraces_name_the_function_and_its_caller)
{
	static struct ftrace_ops plain = { .func = look_back, .name = "look" };
	static struct ftrace_ops full = { .func = look_back, .name = "look", .flags = FTRACE_OPS_SAVE_REGS };
	require(attach_to(&plain, ft_one) == OK);
	call_both(1);
	detach(&plain);
	check_eq(2, functions_seen);
	require(attach_to(&full, ft_one) == OK);
	call_both(1);
	detach(&full);
	check_eq(2, functions_seen);
}

static void every_site(struct ftrace_ops *ops)
{
	static uptr ips[4096];
	struct strbuf log = new_log();
	u32 count = min(site_count(), (u32)array_len(ips));
	for (u32 i = 0; i < count; i++)
		ips[i] = site_nth(i)->addr;
	if (!check_eq(OK, ftrace_set_filter_ips(ops, ips, count, false, &log)))
		kprintf("     %s\n", text);
	check_eq(count, ftrace_filter_count(ops));
}

static u64 on_cpu[MAX_CPUS * 8];

static notrace void count_on_cpu(uptr ip unused, uptr parent_ip unused, struct ftrace_ops *ops unused,
				 struct pt_regs *regs unused)
{
	on_cpu[smp_processor_id() * 8]++;
}

/* Whatever the callers and the list run through must be notrace, or this never returns. */
TEST(ftrace_on_every_site_at_once)
{
	static struct ftrace_ops ops[] = {
		{ .func = count_on_cpu, .name = "all", .flags = FTRACE_OPS_RECURSION },
		{ .func = count_on_cpu, .name = "all_regs", .flags = FTRACE_OPS_SAVE_REGS },
	};
	u64 syncs = poke_stats().syncs;
	for (u32 i = 0; i < array_len(ops); i++) {
		struct strbuf log = new_log();
		every_site(&ops[i]);
		check_eq(OK, register_ftrace_function(&ops[i], &log));
		check_eq(3 * (i + 1), poke_stats().syncs - syncs);
		check_eq(OK, traffic_net(100));
	}
	detach(&ops[0]);
	check_eq(OK, traffic_net(100));
	detach(&ops[1]);
	for (u32 i = 0; i < site_count(); i++)
		check(holds_nop(site_nth(i)->addr));
	check_eq(0, ops[0].images + ops[1].images);
}

/* Callbacks come and go while all CPUs run through the functions. */
TEST(ftrace_comes_and_goes_under_traffic)
{
	u64 freed[4] = { 0 };
	require(traffic_start() == OK);
	for (u32 round = 0; round < 50; round++) {
		u32 a = round % 4, b = (round / 4 + 1 + a) % 4;
		counts[a] = 0;
		check_eq(OK, attach_to(&counters[a], kfree_skb));
		if (a != b)
			check_eq(OK, attach_to(&counters[b], kfree_skb));
		if (round % 8 == 0)
			msleep(5);
		detach(&counters[a]);
		if (a != b)
			detach(&counters[b]);
		freed[a] += counts[a];
	}
	traffic_stop();
	check(holds_nop((uptr)kfree_skb));
	check(freed[0] > 0);
}

/* --- Function graph --------------------------------------------------------------------------------------- */

static u32 entries, returns, deepest_call, unbalanced;
static u64 returned_value;

static notrace bool graph_enters(struct fgraph_ops *g unused, const struct fgraph_call *call)
{
	__atomic_fetch_add(&entries, 1, __ATOMIC_RELAXED);
	deepest_call = max(deepest_call, call->depth);
	return true;
}

static notrace void graph_leaves(struct fgraph_ops *g unused, const struct fgraph_call *call, u64 ns unused,
				 u64 value)
{
	__atomic_fetch_add(&returns, 1, __ATOMIC_RELAXED);
	unbalanced += call->depth != current->retstack->depth;
	returned_value = value;
}

static struct fgraph_ops graph = { .entryfunc = graph_enters, .retfunc = graph_leaves, .name = "test_graph" };

static enum err begin_graph(const uptr *ips, u32 count)
{
	struct strbuf log = new_log();
	entries = returns = deepest_call = unbalanced = 0;
	fgraph_prepare(&graph);
	enum err e = ftrace_set_filter_ips(&graph.ops, ips, count, false, &log);
	return e ? e : register_ftrace_graph(&graph, &log);
}

static void end_graph(void)
{
	struct strbuf log = new_log();
	if (!check_eq(OK, unregister_ftrace_graph(&graph, &log)))
		kprintf("     %s\n", text);
}

static traceable u64 ft_recursive(u64 n)
{
	u64 below = n ? ft_recursive(n - 1) : 0;
	compiler_barrier();
	return below + 1;
}

TEST(ftrace_graph_follows_calls_and_recursion)
{
	const uptr ips[] = { (uptr)ft_recursive, (uptr)ft_victim };
	require(begin_graph(ips, 2) == OK);
	check_eq(11, ft_recursive(10));
	check_eq(11, entries);
	check_eq(11, returns);
	check_eq(10, deepest_call);
	check_eq(11, returned_value);
	check_eq(42, ft_victim(21));
	check_eq(42, returned_value);
	graph.missed = 0;
	check_eq(101, ft_recursive(100)); /* deeper than the shadow stack */
	check_eq(101 - RETSTACK_DEPTH, graph.missed);
	check_eq(entries, returns);
	check_eq(0, unbalanced);
	end_graph();
	check(holds_nop((uptr)ft_recursive));
	check_eq(0, graph.ops.images);
}

TEST(ftrace_graph_lets_tasks_sleep_inside)
{
	const uptr ips[] = { (uptr)ft_sleep };
	in = may_go = out = false;
	require(begin_graph(ips, 1) == OK);
	require(kthread_run(sleeper, NULL, -1, "sleeper"));
	while (!read_once(in))
		msleep(1);
	end_graph();
	check_eq(1, entries);
	write_once(may_go, true);
	while (!read_once(out))
		msleep(1);
	check_eq(0, returns);
}

/* Scheduler, interrupts, softirqs: all that returns, returns to where it was called from. */
TEST(ftrace_graph_of_every_function_under_traffic)
{
	static uptr ips[4096];
	u32 count = min(site_count(), (u32)array_len(ips));
	for (u32 i = 0; i < count; i++)
		ips[i] = site_nth(i)->addr;
	require(begin_graph(ips, count) == OK);
	check_eq(OK, traffic_net(100));
	check_eq(OK, traffic_start());
	msleep(50);
	traffic_stop();
	end_graph();
	check(entries > 10000 && returns > 10000 && returns <= entries);
	check_eq(0, unbalanced);
	for (u32 i = 0; i < site_count(); i++)
		check(holds_nop(site_nth(i)->addr));
	kprintf("     %u entries, %u returns, %llu too deep\n", entries, returns, graph.missed);
}

TEST(ftrace_graph_and_callbacks_live_on_one_function)
{
	const uptr ips[] = { (uptr)ft_victim };
	require(begin_graph(ips, 1) == OK);
	require(attach_to(&regs_ops, ft_victim) == OK);
	check_eq(42, ft_victim(21));
	check_eq(1, returns);
	check_eq((uptr)ft_victim, seen.ip);
	detach(&regs_ops);
	check_eq(42, ft_victim(21));
	end_graph();
	check_eq(2, returns);
	check(holds_nop((uptr)ft_victim));
}

/* --- One owner, or two ------------------------------------------------------------------------------------ */

static u64 hook_runs[2];
static u64 hook_saw[2];
static u32 hook_users[2];

static notrace u64 entry_hook(const u64 *context)
{
	hook_runs[0]++;
	hook_saw[0] = context[0];
	return 0;
}

static notrace u64 exit_hook(const u64 *context)
{
	hook_runs[1]++;
	hook_saw[1] = context[1];
	return 0;
}

static const struct hook bpf_hooks[2] = {
	{ .kind = HOOK_FENTRY,
	  .code = (uptr)entry_hook,
	  .name = "test_entry",
	  .owner = &hook_users[0],
	  .users = &hook_users[0] },
	{ .kind = HOOK_FEXIT,
	  .code = (uptr)exit_hook,
	  .name = "test_exit",
	  .owner = &hook_users[1],
	  .users = &hook_users[1] },
};

static enum err add_bpf(u32 which)
{
	struct strbuf log = new_log();
	struct site *site = site_of(ft_victim);
	tramp_lock();
	enum err e = tramp_add(&site, 1, &bpf_hooks[which], 1, &log);
	tramp_unlock();
	return e;
}

static void take_bpf(u32 which)
{
	struct strbuf log = new_log();
	struct site *site = site_of(ft_victim);
	tramp_lock();
	enum err e = tramp_remove(&site, 1, bpf_hooks[which].owner, &log);
	tramp_unlock();
	if (!check_eq(OK, e))
		kprintf("     %s\n", text);
}

static enum err set_share(bool on)
{
	struct strbuf log = new_log();
	tramp_lock();
	enum err e = share_set_mode(on, &log);
	tramp_unlock();
	return e;
}

TEST(ftrace_and_bpf_name_each_other_as_owner)
{
	check_eq(OK, set_share(false));
	require(attach_to(&counters[0], ft_victim) == OK);
	check_eq(EBUSY, add_bpf(0));
	check_str("ft_victim belongs to ftrace (ops c0); share on lets both live there", text);
	check(!site_of(ft_victim)->tramp);
	detach(&counters[0]);
	require(add_bpf(0) == OK);
	check_eq(EBUSY, attach_to(&counters[0], ft_victim));
	check_str("ft_victim belongs to BPF (program test_entry); share on lets both live there", text);
	check(!site_of(ft_victim)->ftrace);
	take_bpf(0);
	check(holds_nop((uptr)ft_victim));
}

/* Each of the attached users sees the call once; no other does. */
static void check_shared(bool ftrace, bool entry, bool exit)
{
	memset(hook_runs, 0, sizeof(hook_runs));
	counts[0] = 0;
	check_eq(42, ft_victim(21));
	check_eq(ftrace, counts[0]);
	check_eq(entry, hook_runs[0]);
	check_eq(exit, hook_runs[1]);
	check(!entry || hook_saw[0] == 21);
	check(!exit || hook_saw[1] == 42);
	check_eq(0, audit_now());
}

/* order: bit 0, ftrace comes first; bit 1, ftrace leaves first. */
static void share_in_order(u32 order)
{
	bool first = order & 1, leaves = order & 2;
	if (first)
		require(attach_to(&counters[0], ft_victim) == OK);
	require(add_bpf(0) == OK);
	check_shared(first, true, false);
	if (!first)
		require(attach_to(&counters[0], ft_victim) == OK);
	check_str("ftrace_regs_caller", calls(ft_victim));
	check_shared(true, true, false);
	require(add_bpf(1) == OK);
	check_shared(true, true, true);
	check_eq(EBUSY, set_share(false));
	take_bpf(0);
	check_shared(true, false, true);
	if (leaves)
		detach(&counters[0]);
	check_shared(!leaves, false, true);
	take_bpf(1);
	check_shared(!leaves, false, false);
	if (!leaves) {
		check_str("ftrace_trampoline_c0", calls(ft_victim));
		detach(&counters[0]);
	}
	check(holds_nop((uptr)ft_victim));
	check_eq(0, image_reap());
}

TEST(ftrace_shares_a_site_with_bpf_in_all_orders)
{
	check_eq(OK, set_share(true));
	for (u32 order = 0; order < 4; order++)
		share_in_order(order);
	check_eq(OK, set_share(false));
}

/* A task that was preempted in ftrace's caller may read site->direct long after ftrace has left the site. */
TEST(ftrace_reads_direct_of_no_image_that_it_must_not_call)
{
	const struct site *site = site_of(ft_victim);

	check_eq(OK, set_share(true));
	require(add_bpf(0) == OK);
	check_eq(0, site->direct);
	require(attach_to(&counters[0], ft_victim) == OK);
	check_eq(site->tramp->image->text.base, site->direct);
	check(site->tramp->image->via_ftrace);
	detach(&counters[0]);
	require(add_bpf(1) == OK);
	check_eq(site->tramp->image->text.base, site->direct);
	check(site->tramp->image->via_ftrace && !site->tramp->image->by_jmp);
	take_bpf(1);
	take_bpf(0);
	check_eq(0, site->direct);
	check_eq(OK, set_share(false));
}

TEST(ftrace_does_not_share_a_site_that_it_replaces)
{
	static struct ftrace_ops ops = { .func = replace, .name = "replacer", .flags = REPLACES };
	check_eq(OK, set_share(true));
	require(attach_to(&ops, ft_victim) == OK);
	check_eq(EBUSY, add_bpf(0));
	check_str("ft_victim belongs to ftrace (ops replacer), which replaces it; that cannot be shared",
		  text);
	detach(&ops);
	require(add_bpf(0) == OK);
	check_eq(EBUSY, attach_to(&ops, ft_victim));
	take_bpf(0);
	check(holds_nop((uptr)ft_victim));
	check_eq(OK, set_share(false));
}

static bool callers_stop;
static u32 callers_running;
static u64 wrong;

static int call_victim(void *arg unused)
{
	for (u64 i = 0; !read_once(callers_stop); i++) {
		if (ft_victim(i) != i * 2)
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		if (i % 1024 == 1023)
			msleep(1);
	}
	__atomic_fetch_sub(&callers_running, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(ftrace_shares_under_load)
{
	check_eq(OK, set_share(true));
	callers_stop = false;
	wrong = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		__atomic_fetch_add(&callers_running, 1, __ATOMIC_SEQ_CST);
		require(kthread_run(call_victim, NULL, (int)cpu, "victim/%u", cpu));
	}
	for (u32 i = 0; i < 40; i++) {
		bool ftrace_first = i & 1, ftrace_leaves = i & 2;
		if (ftrace_first)
			check_eq(OK, attach_to(&counters[0], ft_victim));
		check_eq(OK, add_bpf(1));
		if (!ftrace_first)
			check_eq(OK, attach_to(&counters[0], ft_victim));
		check_eq(OK, add_bpf(0));
		take_bpf(1);
		if (ftrace_leaves)
			detach(&counters[0]);
		take_bpf(0);
		if (!ftrace_leaves)
			detach(&counters[0]);
	}
	write_once(callers_stop, true);
	while (read_once(callers_running))
		msleep(1);
	check_eq(0, wrong);
	check(holds_nop((uptr)ft_victim));
	check_eq(OK, set_share(false));
	for (u32 i = 0; i < 50 && image_reap(); i++)
		msleep(10);
	check_eq(0, image_reap());
	check_eq(0, hook_users[0] + hook_users[1]);
}
