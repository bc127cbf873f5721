// SPDX-License-Identifier: MIT
// Ctrl-C stops commands that take long, and the rest of their line; what they changed is undone.
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "shell/shell.h"
#include "tests/nops.h"
#include "tests/test.h"
#include "tests/uart.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"

static bool typed;

static int type_ctrl_c(void *ms)
{
	msleep((u32)(uptr)ms);
	uart_type("\x03");
	write_once(typed, true);
	return 0;
}

/* Types Ctrl-C so many ms after the line begins. */
static enum err run_and_stop(const char *line, u32 ms)
{
	typed = false;
	if (!check(kthread_run(type_ctrl_c, (void *)(uptr)ms, -1, "typist")))
		return OK;
	enum err e = shell_exec(line);
	while (!read_once(typed))
		msleep(1);
	return e;
}

TEST(stop_ends_every_work_and_the_rest_of_its_line)
{
	static const char *const works[] = { "net 10000000", "wake 10000000", "load 10000000" };
	for (u32 i = 0; i < array_len(works); i++) {
		char line[64];
		struct strbuf s = STRBUF(line);
		u64 before = poke_stats().pokes;
		str_printf(&s, "work %s; poke-test kfree_skb", works[i]);
		check_eq(EINTR, run_and_stop(line, 300));
		check_eq(before, poke_stats().pokes);
	}
	check_eq(OK, shell_exec("work net 5; work wake 5; work load 5"));
}
