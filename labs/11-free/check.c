// SPDX-License-Identifier: MIT
// Lab 11: a task sleeps in the body of a function, while its exit hook is detached. When is its image freed?
#define LAB_LIMIT 3000
#include "labs/lab.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "tramp/tramp.h"

static bool sleeper_in, sleeper_may_go, sleeper_out;
static u32 users, hook_calls, waiting; /* images that waited before */

traceable u32 lab11_sleeps(u32 x)
{
	write_once(sleeper_in, true);
	while (!read_once(sleeper_may_go))
		msleep(1);
	return x + 1;
}
MAY_SLEEP(lab11_sleeps);

static int sleeper(void *arg unused)
{
	lab11_sleeps(41);
	write_once(sleeper_out, true);
	return 0;
}

static notrace u64 on_exit(const u64 *context unused)
{
	hook_calls++;
	return 0;
}

static bool change(bool add)
{
	static u64 runs, ticks;
	struct site *site = site_named("lab11_sleeps");
	struct hook h = { .kind = HOOK_FEXIT,
			  .code = (uptr)on_exit,
			  .name = "on_exit",
			  .owner = &users,
			  .users = &users,
			  .runs = &runs,
			  .ticks = &ticks };
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	tramp_lock();
	enum err e = add ? tramp_add(&site, 1, &h, 1, &log) : tramp_remove(&site, 1, &users, &log);
	tramp_unlock();
	return lab_ok(e == OK, add ? "the hook is attached" : "the hook is detached");
}

/* A task sleeps in the body when this returns, and the image that it will return to is retired. */
static bool sleep_in_a_retired_image(void)
{
	sleeper_in = sleeper_may_go = sleeper_out = false;
	waiting = image_reap();
	lab_did("attaches a fexit hook; a task calls the function and sleeps in its body; detaches the hook");
	if (!change(true) || !lab_ok(kthread_run(sleeper, NULL, -1, "sleeper"), "a task"))
		return false;
	while (!read_once(sleeper_in))
		msleep(1);
	return change(false);
}

/* The task stays asleep if its image is gone: it could only crash. */
static bool image_waits(void)
{
	return lab_eq(waiting + 1, image_reap(), "images that wait, as image_reap returns:");
}

static void let_it_go(void)
{
	write_once(sleeper_may_go, true);
	while (!read_once(sleeper_out))
		msleep(1);
}

LAB_TEST(lab11_waits)
{
	if (sleep_in_a_retired_image() && image_waits())
		let_it_go();
}

LAB_TEST(lab11_lets_go)
{
	if (!sleep_in_a_retired_image() || !image_waits())
		return;
	u32 held = users;
	let_it_go();
	lab_eq(0, held, "images that can still call the hook:");
}

LAB_TEST(lab11_freed)
{
	u32 bytes, blocks, bytes_after, blocks_after;
	image_reap();
	text_usage(&bytes, &blocks);
	if (!sleep_in_a_retired_image() || !image_waits())
		return;
	lab_did("the same; then the task returns from the body");
	let_it_go();
	if (!lab_eq(0, hook_calls, "calls of the hook, which was detached before:") ||
	    !lab_eq(waiting, image_reap(), "images that wait, as image_reap returns:"))
		return;
	text_usage(&bytes_after, &blocks_after);
	lab_eq(bytes, bytes_after, "bytes of generated code, as before:");
}
