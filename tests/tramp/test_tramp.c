// SPDX-License-Identifier: MIT
// tramp/: hooks on functions of this kernel, described by its own BTF.
#include "tests/in_use.h"
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/cpu/probe.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/task.h"
#include "kernel/mem/text.h"
#include "kernel/net/traffic.h"
#include "kernel/sched/work.h"
#include "tramp/text/poke.h"
#include "tramp/tramp.h"

/* --- Functions to trace ------------------------------------------------------------------------ */

struct two {
	u64 a, b;
};

traceable u64 tv_none(void)
{
	return 5;
}
traceable i32 tv_narrow(i8 a, u16 b, i32 c, bool d)
{
	return a + b + c + d;
}
traceable u64 tv_nine(u64 a, u32 b, u64 c, u64 d, u64 e, u64 f, i16 g, u64 h, u8 i)
{
	return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + (u64)g * 7 + h * 8 + i * 9;
}
traceable struct two tv_pair(struct two t, u64 x)
{
	return (struct two){ t.b + x, t.a - x };
}
traceable void tv_void(u64 *p)
{
	(*p)++;
}
traceable u64 tv_variadic(u32 count, ...)
{
	return count;
}
struct three {
	u64 v[3];
};
traceable u64 tv_big(struct three t)
{
	return t.v[0] + t.v[2];
}

traceable struct three tv_hidden(u64 x)
{
	return (struct three){ { x, x + 1, x + 2 } };
}

/* --- Hooks ------------------------------------------------------------------------------------- */

static u64 seen[8][12];
static u32 seen_count;

static notrace u64 see(const u64 *context)
{
	probe_read(seen[seen_count++ % 8], (uptr)context, sizeof(seen[0])); /* the stack may end before */
	return 1;
}

static u32 users[TRAMP_HOOKS + 1];

static struct hook hook(enum hook_kind kind, u64 (*fn)(const u64 *), u32 owner)
{
	return (struct hook){ .kind = kind,
			      .code = (uptr)fn,
			      .name = "test_hook",
			      .owner = &users[owner],
			      .users = &users[owner] };
}

static enum err add_at(struct site *site, const struct hook *h, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_add(&site, 1, h, 1, log);
	tramp_unlock();
	return e;
}

static enum err take_at(struct site *site, u32 owner, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(&site, 1, &users[owner], log);
	tramp_unlock();
	return e;
}

static enum err add(const char *func, const struct hook *h, struct strbuf *log)
{
	return add_at(site_named(func), h, log);
}

static enum err take(const char *func, u32 owner, struct strbuf *log)
{
	return take_at(site_named(func), owner, log);
}

/* fentry and fexit on func, both `see`. */
static void add_both(const char *func)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook entry = hook(HOOK_FENTRY, see, 0), exit = hook(HOOK_FEXIT, see, 1);
	seen_count = 0;
	if (!check_eq(OK, add(func, &entry, &log)) || !check_eq(OK, add(func, &exit, &log)))
		kprintf("     %s\n", text);
}

static void take_both(const char *func)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	check_eq(OK, take(func, 0, &log));
	check_eq(OK, take(func, 1, &log));
	check(holds_nop(site_named(func)->addr));
	check_eq(0, image_reap());
	check_eq(0, users[0] + users[1]);
}

/* --- What they see ----------------------------------------------------------------------------- */

TEST(tramp_of_a_function_without_arguments)
{
	add_both("tv_none");
	check_eq(5, tv_none());
	take_both("tv_none");
	check_eq(2, seen_count);
	check_eq(5, seen[1][0]);
	check_eq(5, tv_none());
	check_eq(2, seen_count);
}

/* For GDB: tools/gdb/symbols.py. */
TEST(tramp_image_says_where_each_step_begins)
{
	struct explained *x = kmalloc(sizeof(*x));
	add_both("tv_nine");
	tramp_lock();
	const struct tramp *t = site_named("tv_nine")->tramp;
	const struct image *img = t->image;
	tramp_explain(t, x);
	check(img->text.serial > 0);
	check_eq(x->plan.count + 1, img->step_count);
	for (u32 i = 0; i < x->plan.count; i++) {
		check_eq(x->gen.starts[i], img->steps[i].start);
		check_eq(x->plan.steps[i].kind, img->steps[i].kind);
		check_eq(x->plan.steps[i].n, img->steps[i].n);
	}
	check_eq(x->gen.starts[x->plan.count], img->steps[x->plan.count].start);
	tramp_unlock();
	take_both("tv_nine");
	kfree(x);
}

TEST(tramp_of_narrow_arguments)
{
	i32 (*dirty)(u64, u64, u64, u64) = (void *)tv_narrow;
	add_both("tv_narrow");
	check_eq(-5 + 60000 - 7 + 1, dirty(0x1234fb, 0xabcdea60, 0x5555fffffff9, 0x9901));
	take_both("tv_narrow");
	for (u32 i = 0; i < 2; i++) {
		check_eq(-5, seen[i][0]);
		check_eq(60000, seen[i][1]);
		check_eq(-7, seen[i][2]);
		check_eq(1, seen[i][3]);
	}
	check_eq(59989, seen[1][4]);
}

TEST(tramp_of_arguments_on_the_stack)
{
	u64 want = tv_nine(1, 2, 3, 4, 5, 6, -7, 8, 9);
	add_both("tv_nine");
	check_eq(want, tv_nine(1, 2, 3, 4, 5, 6, -7, 8, 9));
	take_both("tv_nine");
	for (u32 i = 0; i < 9; i++)
		check_eq(i == 6 ? -7 : (int)i + 1, seen[1][i]);
	check_eq(want, seen[1][9]);
}

TEST(tramp_of_a_struct_in_registers)
{
	struct two got;
	add_both("tv_pair");
	got = tv_pair((struct two){ 100, 200 }, 7);
	take_both("tv_pair");
	check_eq(207, got.a);
	check_eq(93, got.b);
	check_eq(100, seen[0][0]);
	check_eq(200, seen[0][1]);
	check_eq(7, seen[0][2]);
	check_eq(207, seen[1][3]);
}

TEST(tramp_of_a_void_function)
{
	u64 x = 1;
	add_both("tv_void");
	tv_void(&x);
	take_both("tv_void");
	check_eq(2, x);
	check_eq((uptr)&x, seen[0][0]);
	check_eq((uptr)&x, seen[1][0]);
}

/* --- Refusals: nothing may have changed -------------------------------------------------------- */

static void refused(const char *func, enum err want, const char *pattern)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FENTRY, see, 0);
	check_eq(want, add(func, &h, &log));
	if (!check(str_matches(text, pattern)))
		kprintf("     it says: %s\n", text);
	check(!site_named(func)->tramp);
	check_eq(0, users[0]);
}

TEST(tramp_refuses_what_it_cannot_pass_on)
{
	refused("tv_variadic", EOPNOTSUPP, "tv_variadic: is variadic*");
	refused("tv_big", EOPNOTSUPP, "tv_big: argument 1 is a struct of 24 bytes by value on the stack*");
	check_eq(9, tv_variadic(9, 1, 2));
	check_eq(4, tv_big((struct three){ { 1, 2, 3 } }));
}

TEST(tramp_refuses_the_same_hook_twice)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FENTRY, see, 0);
	require(add("tv_void", &h, &log) == OK);
	check_eq(EEXIST, add("tv_void", &h, &log));
	check_str("test_hook is attached to tv_void already", text);
	check_eq(1, users[0]);
	check_eq(OK, take("tv_void", 0, &log));
	check_eq(ENOENT, take("tv_void", 0, &log));
}

TEST(tramp_takes_38_hooks_and_refuses_the_next)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	u64 x = 0;
	u32 i;
	for (i = 0; i < TRAMP_HOOKS; i++) {
		struct hook h = hook(i % 2 ? HOOK_FEXIT : HOOK_FENTRY, see, i);
		require(add("tv_void", &h, &log) == OK);
	}
	struct hook one_more = hook(HOOK_FENTRY, see, i);
	check_eq(E2BIG, add("tv_void", &one_more, &log));
	check_str("tv_void has 38 programs already, of at most 38 that a function can have", text);
	seen_count = 0;
	tv_void(&x);
	check_eq(1, x);
	check_eq(TRAMP_HOOKS, seen_count);
	for (i = 0; i < TRAMP_HOOKS; i++)
		check_eq(OK, take("tv_void", i, &log));
	check_eq(0, image_reap());
}

TEST(tramp_leaves_a_corrupted_site_alone)
{
	char text[300] = "";
	struct strbuf log = STRBUF(text);
	struct site *site = site_named("tv_void");
	struct hook h = hook(HOOK_FENTRY, see, 0);
	u32 bytes, blocks, bytes_after, blocks_after;
	text_usage(&bytes, &blocks);
	put_other_nop(site->addr);
	check_eq(EINVAL, add("tv_void", &h, &log));
	check(str_matches(text, "tv_void* at 0x*: expected 0f 1f 44 00 00 but found 0f 1f 44 00 08*"));
	check_eq(8, *(const u8 *)(site->addr + 4));
	check(!site->tramp);
	put_nop(site->addr);
	text_usage(&bytes_after, &blocks_after);
	check_eq(bytes, bytes_after);
	check_eq(0, users[0]);
}

TEST(tramp_undoes_everything_when_memory_runs_out)
{
	char text[200];
	struct hook first = hook(HOOK_FENTRY, see, 0), second = hook(HOOK_FEXIT, see, 1);
	u32 failures = 0;
	for (u32 with_first = 0; with_first < 2; with_first++) {
		struct strbuf log = STRBUF(text);
		if (with_first)
			require(add("tv_void", &first, &log) == OK);
		const struct in_use before = in_use();
		for (u32 nth = 1;; nth++) {
			heap_fail_after(nth);
			enum err e = add("tv_void", &second, &log);
			heap_fail_after(0);
			if (e == OK)
				break;
			failures++;
			check_eq(ENOMEM, e);
			check_in_use(&before);
			check_eq(0, users[1]);
			require(nth < 100);
		}
		check_eq(OK, take("tv_void", 1, &log));
		image_reap();
	}
	check(failures >= 3);
	struct strbuf log = STRBUF(text);
	check_eq(OK, take("tv_void", 0, &log));
	image_reap();
}

/* A bug that syzbot found: the image for the remaining hooks needs memory, but a removal must not fail. */
TEST(tramp_removes_without_memory_whatever_the_order)
{
	static const u8 orders[][6] = { { 0, 1, 2, 3, 4, 5 }, { 5, 4, 3, 2, 1, 0 }, { 2, 5, 0, 3, 1, 4 } };
	char text[200];
	image_reap();
	const struct in_use before = in_use();
	for (u32 order = 0; order < array_len(orders); order++) {
		struct strbuf log = STRBUF(text);
		u64 x = 0;
		for (u32 i = 0; i < 6; i++) {
			struct hook h = hook(i % 3 ? HOOK_FEXIT : HOOK_FENTRY, see, i);
			h.header_words = i % 4; /* so that some make the image longer than others */
			require(add("tv_void", &h, &log) == OK);
		}
		for (u32 i = 0; i < 6; i++) {
			heap_fail_after(1);
			enum err e = take("tv_void", orders[order][i], &log);
			heap_fail_after(0);
			check_eq(OK, e);
			seen_count = 0;
			tv_void(&x);
			check_eq(5 - i, seen_count);
		}
		check_eq(6, x);
	}
	check_eq(0, image_reap());
	check_in_use(&before);
}

static struct site *several[] = { NULL, NULL, NULL, NULL };

static void find_several(void)
{
	several[0] = site_named("tv_none");
	several[1] = site_named("tv_narrow");
	several[2] = site_named("tv_nine");
	several[3] = site_named("tv_void");
}

static enum err add_several(const struct hook *h, struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_add(several, array_len(several), h, 1, log);
	tramp_unlock();
	return e;
}

static enum err take_several(struct strbuf *log)
{
	tramp_lock();
	enum err e = tramp_remove(several, array_len(several), &users[0], log);
	tramp_unlock();
	return e;
}

TEST(tramp_changes_many_functions_with_three_syncs)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FEXIT, see, 0);
	u64 syncs = poke_stats().syncs;
	find_several();
	require(add_several(&h, &log) == OK);
	check_eq(syncs + 3, poke_stats().syncs);
	check_eq(4, users[0]);
	seen_count = 0;
	check_eq(5, tv_none());
	check_eq(7, tv_narrow(1, 2, 3, true));
	check_eq(2, seen_count);
	check_eq(EEXIST, add_several(&h, &log));
	check_eq(OK, take_several(&log));
	check_eq(syncs + 6, poke_stats().syncs);
	check_eq(ENOENT, take_several(&log));
	check_eq(0, image_reap());
	check_eq(0, users[0]);
}

/* A multi-attach that fails at any of its functions, for any reason, has not happened at the others. */
TEST(tramp_rolls_a_change_of_many_back_half_way)
{
	struct hook h = hook(HOOK_FENTRY, see, 0);
	u32 nth = 0;
	char text[300];
	enum err e = ENOMEM;
	image_reap();
	const struct in_use before = in_use();
	find_several();
	for (; e == ENOMEM; nth++) {
		struct strbuf log = STRBUF(text);
		bool corrupt = nth == 0;
		if (corrupt)
			put_other_nop(several[2]->addr);
		heap_fail_after(nth);
		e = add_several(&h, &log);
		heap_fail_after(0);
		if (corrupt) {
			check_eq(EINVAL, e);
			check(str_matches(text, "tv_nine* expected*"));
			put_nop(several[2]->addr);
			e = ENOMEM;
		}
		for (u32 i = 0; i < array_len(several) && e; i++) {
			check(!several[i]->tramp);
			check(holds_nop(several[i]->addr));
		}
		if (e)
			check_in_use(&before);
		require(nth < 100);
	}
	check(nth > 8); /* at least a struct and an image for each */
	struct strbuf log = STRBUF(text);
	check_eq(OK, take_several(&log));
	check_eq(0, image_reap());
}

static u64 mod_result;

static notrace u64 mod(const u64 *context)
{
	see(context);
	return mod_result;
}

TEST(tramp_replaces_what_a_function_returns)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FMOD_RET, mod, 0), exit = hook(HOOK_FEXIT, see, 1);
	u64 x = 0;
	require(add("tv_none", &h, &log) == OK && add("tv_none", &exit, &log) == OK);
	mod_result = 0;
	check_eq(5, tv_none());
	mod_result = -1ull;
	seen_count = 0;
	check_eq(-1ull, tv_none());
	check_eq(2, seen_count);
	check_eq(-1ull, seen[1][0]);
	check_eq(OK, take("tv_none", 0, &log));
	check_eq(5, tv_none());
	check_eq(OK, take("tv_none", 1, &log));
	require(add("tv_void", &h, &log) == OK); /* it returns nothing, but its body can be skipped */
	tv_void(&x);
	check_eq(0, x);
	check_eq(OK, take("tv_void", 0, &log));
}

/* What the function can take does not depend on what is attached already. */
TEST(tramp_refuses_to_replace_a_result_in_memory_beside_other_hooks_too)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct hook exit = hook(HOOK_FEXIT, see, 0), mod_ret = hook(HOOK_FMOD_RET, mod, 1);
	check_eq(EOPNOTSUPP, add("tv_hidden", &mod_ret, &log));
	require(add("tv_hidden", &exit, &log) == OK);
	log.len = 0;
	check_eq(EOPNOTSUPP, add("tv_hidden", &mod_ret, &log));
	check_str("tv_hidden returns a struct in memory, which no program's result can replace", text);
	check_eq(9, tv_hidden(7).v[2]);
	check_eq(1, site_named("tv_hidden")->tramp->hook_count);
	check_eq(OK, take("tv_hidden", 0, &log));
}

/* cfe816d469dc: behind a function that never returns there is nothing but what comes next in memory. */
TEST(tramp_refuses_what_comes_after_a_function_that_never_returns)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct hook exit = hook(HOOK_FEXIT, see, 0), mod_ret = hook(HOOK_FMOD_RET, mod, 0);
	struct hook entry = hook(HOOK_FENTRY, see, 0);
	check_eq(EOPNOTSUPP, add("do_exit", &exit, &log));
	check_str("do_exit never returns, so test_hook would never run after it", text);
	check_eq(EOPNOTSUPP, add("do_exit", &mod_ret, &log));
	check_eq(OK, add("do_exit", &entry, &log));
	check_eq(OK, take("do_exit", 0, &log));
}

TEST(tramp_lets_hooks_sleep_only_where_their_callers_may)
{
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FENTRY, see, 0);
	h.may_sleep = true;
	check_eq(EOPNOTSUPP, add("tv_void", &h, &log));
	check_str("tv_void may be called where sleeping is forbidden, and test_hook may sleep", text);
	check_eq(OK, add("traffic_net", &h, &log));
	check_eq(OK, traffic_net(1));
	check_eq(OK, take("traffic_net", 0, &log));
}

TEST(tramp_builds_all_images_anew_when_they_are_to_be_different)
{
	static u64 runs, ticks;
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	struct plan_options before = tramp_options();
	struct hook h = hook(HOOK_FEXIT, see, 0);
	runs = ticks = 0;
	h.runs = &runs;
	h.ticks = &ticks;
	require(add("tv_none", &h, &log) == OK);
	check_eq(0xe9, *(u8 *)site_named("tv_none")->addr); /* jmp */
	tv_none();
	tramp_lock();
	check_eq(OK, tramp_set_options((struct plan_options){ .stats = true }, &log));
	tramp_unlock();
	check_eq(0xe8, *(u8 *)site_named("tv_none")->addr); /* call */
	check_eq(5, tv_none());
	tramp_lock();
	check_eq(OK, tramp_set_options(before, &log));
	tramp_unlock();
	check_eq(5, tv_none());
	check_eq(1, runs);
	check(ticks > 0);
	check_eq(OK, take("tv_none", 0, &log));
}

/* --- Lifetime of images ------------------------------------------------------------------------ */

static bool sleeper_in, sleeper_may_go, sleeper_out;

traceable u32 tv_sleep(u32 x)
{
	write_once(sleeper_in, true);
	while (!read_once(sleeper_may_go))
		msleep(1);
	return x + 1;
}

static u32 sleeper_got;

static int sleeper(void *arg unused)
{
	sleeper_got = tv_sleep(41);
	write_once(sleeper_out, true);
	return 0;
}

/* Linux e21aa341785c: the image was freed while the traced function slept. */
TEST(tramp_image_outlives_a_task_that_sleeps_in_it)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FEXIT, see, 0);
	u32 bytes, blocks, bytes_after, blocks_after;
	sleeper_in = sleeper_may_go = sleeper_out = false;
	seen_count = 0;
	image_reap();
	text_usage(&bytes, &blocks);
	require(add("tv_sleep", &h, &log) == OK);
	require(kthread_run(sleeper, NULL, -1, "sleeper"));
	while (!read_once(sleeper_in))
		msleep(1);
	check_eq(OK, take("tv_sleep", 0, &log));
	check_eq(1, image_reap());
	check_eq(0, users[0]); /* the gate is shut: no sleeping task runs the hook any more */
	text_usage(&bytes_after, &blocks_after);
	check_eq(blocks + 1, blocks_after);
	write_once(sleeper_may_go, true);
	while (!read_once(sleeper_out))
		msleep(1);
	check_eq(42, sleeper_got);
	check_eq(0, seen_count);
	msleep(10);
	check_eq(0, image_reap());
	check_eq(0, users[0]);
	text_usage(&bytes_after, &blocks_after);
	check_eq(blocks, blocks_after);
}

static bool spinner_in, spinner_may_go, spinner_out, detacher_out;
static struct task_struct *spinner;
static uptr spun_image;

traceable u32 tv_spun(u32 x)
{
	return x * 2;
}

static notrace u64 spin_in_hook(const u64 *context unused)
{
	write_once(spinner_in, true);
	while (!read_once(spinner_may_go))
		compiler_barrier();
	return 0;
}

static int call_spun(void *arg unused)
{
	sleeper_got = tv_spun(21);
	write_once(spinner_out, true);
	return 0;
}

/* While this runs the spinner, on the same CPU, does not: it was preempted in the hook, and will return
 * into the image. */
static int detach_spun(void *arg unused)
{
	static u8 code[16];
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FEXIT, see, 1);
	while (!read_once(spinner_in))
		msleep(1);
	spun_image = site_named("tv_spun")->tramp->image->text.base;
	memcpy(code, (const void *)spun_image, sizeof(code));
	check_eq(OK, take("tv_spun", 0, &log));
	check(!read_once(spinner->on_cpu) && spinner->on_rq);
	check_eq(1, image_reap());
	check_eq(1, users[0]);
	for (u32 i = 0; i < 20; i++) {
		check_eq(OK, add("tv_none", &h, &log));
		check(site_named("tv_none")->tramp->image->text.base != spun_image);
		check_eq(OK, take("tv_none", 1, &log));
	}
	check_eq(0, memcmp(code, (const void *)spun_image, sizeof(code)));
	write_once(detacher_out, true);
	return 0;
}

/* Images were once swapped by half pages, and a task that had been preempted in the old half found another
 * image there. */
TEST(tramp_image_is_not_used_again_under_a_preempted_task)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FENTRY, spin_in_hook, 0);
	int cpu = (int)cpu_count() - 1;
	spinner_in = spinner_may_go = spinner_out = detacher_out = false;
	require(add("tv_spun", &h, &log) == OK);
	spinner = kthread_run(call_spun, NULL, cpu, "spinner");
	require(spinner && kthread_run(detach_spun, NULL, cpu, "detacher"));
	while (!read_once(detacher_out))
		msleep(1);
	write_once(spinner_may_go, true);
	while (!read_once(spinner_out) || image_reap())
		msleep(1);
	check_eq(42, sleeper_got);
	check_eq(0, users[0]);
	check_eq(0xcc, *(const u8 *)spun_image);
}

/* --- Under load -------------------------------------------------------------------------------- */

struct call {
	u64 x;
	u32 hooked;
};

struct load {
	u64 calls, hooked, wrong;
	bool running;
};
static struct load loads[MAX_CPUS];
static bool load_stop;
static u64 hook_runs;

traceable u64 tv_called(struct call *c)
{
	return c->x * 3 + c->hooked;
}

static notrace u64 mark_call(const u64 *context)
{
	struct call *c = (struct call *)context[0];
	c->hooked++;
	__atomic_fetch_add(&hook_runs, 1, __ATOMIC_RELAXED);
	return 99;
}

/* The last CPU calls all the time. The others pause after some calls: on a host with fewer CPUs than this
 * machine they would only keep each other from answering the pokes. */
static int load_cpu(void *arg)
{
	struct load *l = arg;
	bool pauses = l != &loads[cpu_count() - 1];
	while (!read_once(load_stop)) {
		if (pauses && l->calls % 1024 == 1023)
			msleep(1);
		struct call c = { .x = l->calls++ };
		u64 got = tv_called(&c);
		l->hooked += c.hooked;
		if (c.hooked > 1 || got != c.x * 3 + c.hooked)
			l->wrong++;
	}
	write_once(l->running, false);
	return 0;
}

TEST(tramp_10000_rounds_under_load_lose_no_call)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct hook h = hook(HOOK_FENTRY, mark_call, 0);
	u64 hooked = 0, calls = 0;
	load_stop = false;
	hook_runs = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		loads[cpu] = (struct load){ .running = true };
		require(kthread_run(load_cpu, &loads[cpu], (int)cpu, "load/%u", cpu));
	}
	for (u32 i = 0; i < 10000; i++)
		if (add("tv_called", &h, &log) || take("tv_called", 0, &log)) {
			check(!"attach and detach under load");
			kprintf("     %s\n", text);
			break;
		}
	write_once(load_stop, true);
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		while (read_once(loads[cpu].running))
			msleep(1);
		check_eq(0, loads[cpu].wrong);
		hooked += loads[cpu].hooked;
		calls += loads[cpu].calls;
	}
	check_eq(hook_runs, hooked);
	check(calls > hooked);
	check(cpu_count() == 1 || hooked > 0);
	kprintf("     %llu calls, %llu of them traced\n", calls, hooked);
	check(holds_nop(site_named("tv_called")->addr));
	msleep(30);
	check_eq(0, image_reap());
	check_eq(0, users[0]);
}

/* --- Every site at once ------------------------------------------------------------------------ */

static u64 hits[MAX_CPUS];

static notrace u64 count_hit(const u64 *context unused)
{
	hits[smp_processor_id()]++;
	return 0;
}

static u64 sleeper_calls, sleeper_wrong;

/* A hook without facts: the image does nothing around it, so it sees the caller's own state. */
static notrace u64 check_may_sleep(const u64 *context unused)
{
	__atomic_fetch_add(&sleeper_calls, 1, __ATOMIC_RELAXED);
	if (!preemptible() || current->__state != TASK_RUNNING)
		__atomic_fetch_add(&sleeper_wrong, 1, __ATOMIC_RELAXED);
	return 0;
}

static void ends_work(struct work *work unused) {}

/* MAY_SLEEP is a promise of a function's callers; traffic calls all that have it, so that a broken one
 * shows. */
TEST(tramp_sites_that_may_sleep_are_called_where_one_may)
{
	char text[200];
	struct hook h = hook(HOOK_FENTRY, check_may_sleep, 0);
	struct work work;
	u32 added = 0;
	sleeper_calls = sleeper_wrong = 0;
	for (u32 i = 0; i < site_count(); i++) {
		struct strbuf log = STRBUF(text);
		if (site_nth(i)->may_sleep && check_eq(OK, add_at(site_nth(i), &h, &log)))
			added++;
	}
	check_eq(OK, traffic_net(100));
	check_eq(OK, traffic_wake(10));
	check_eq(OK, traffic_start());
	msleep(10);
	traffic_stop();
	init_work(&work, ends_work);
	check(schedule_work(&work));
	flush_work(&work);
	for (u32 i = 0; i < site_count(); i++) {
		struct strbuf log = STRBUF(text);
		if (site_nth(i)->may_sleep)
			check_eq(OK, take_at(site_nth(i), 0, &log));
	}
	check(added > 10);
	check(sleeper_calls > 300);
	check_eq(0, sleeper_wrong);
	check(site_named("msleep")->may_sleep && site_named("udp_sendmsg")->may_sleep);
	check(!site_named("kfree_skb")->may_sleep && !site_named("schedule")->may_sleep);
	check_eq(0, image_reap());
}

static void wake(struct task_struct *t, void *arg unused)
{
	wake_up_process(t);
}

static bool is_refusal(const struct site *site, const char *text)
{
	return site->ambiguous || str_matches(text, "*is variadic*") ||
	       str_matches(text, "*by value on the stack*") || str_matches(text, "*never returns*");
}

/* Whatever a poke, an int3 or a trampoline runs through must be notrace: with one forgotten
 * function this never returns. */
TEST(tramp_on_every_site_at_once)
{
	char text[300];
	struct hook entry = hook(HOOK_FENTRY, count_hit, 0), exit = hook(HOOK_FEXIT, count_hit, 1);
	u32 added = 0, refusals = 0;
	u64 total = 0;
	for (u32 i = 0; i < site_count(); i++) {
		struct strbuf log = STRBUF(text);
		const struct hook *h = i % 2 ? &exit : &entry;
		if (str_matches(site_nth(i)->name, "abi_???")) /* the matrix: tests/tramp/test_abi.c */
			continue;
		enum err e = add_at(site_nth(i), h, &log);
		if (e == OK) {
			added++;
			continue;
		}
		refusals++;
		if (!check(e == EOPNOTSUPP && is_refusal(site_nth(i), text)))
			kprintf("     %s: %s\n", site_nth(i)->name, text);
	}
	check_eq(OK, traffic_net(100));
	for (u32 i = 0; i < site_count(); i++) {
		struct strbuf log = STRBUF(text);
		if (site_nth(i)->tramp)
			check_eq(OK, take_at(site_nth(i), i % 2, &log));
	}
	for (u32 cpu = 0; cpu < MAX_CPUS; cpu++)
		total += hits[cpu];
	kprintf("     %u of %u sites at once, %u refused, %llu calls traced\n", added, site_count(), refusals,
		total);
	check(added > 200 && refusals < added / 10);
	check(total > 1000);
	for (u32 i = 0; i < site_count(); i++)
		check(holds_nop(site_nth(i)->addr));
	/* Who sleeps, sleeps in an image of schedule() and of all its callers, until it is woken. */
	for (u32 i = 0; i < 50 && image_reap(); i++) {
		task_for_each(wake, NULL);
		msleep(10);
	}
	check_eq(0, users[0] + users[1]);
}
