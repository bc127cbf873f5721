// SPDX-License-Identifier: MIT
// Ctrl-C stops commands that take long, and the rest of their line; what they changed is undone.
#include "attach/attach.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "shell/shell.h"
#include "shell/table.h"
#include "tests/builtin.h"
#include "tests/in_use.h"
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

/* Ctrl-C will be typed in so many ms. */
static void begin_typing(u32 ms)
{
	typed = false;
	if (!ms || !check(kthread_run(type_ctrl_c, (void *)(uptr)ms, -1, "typist")))
		type_ctrl_c(NULL);
}

/* It has been typed; what is left of the input is thrown away. */
static void end_typing(void)
{
	while (!read_once(typed))
		msleep(1);
	while (serial_try_getc() >= 0)
		;
	progress_reset();
}

static enum err run_and_stop(const char *line, u32 ms)
{
	begin_typing(ms);
	enum err e = shell_exec(line);
	end_typing();
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

/* At the first function; and later, unless the machine is faster than that. */
TEST(stop_undoes_an_attachment_to_many)
{
	char text[200];
	struct strbuf log = STRBUF(text);
	struct object *count = builtin_load("count");
	struct prog *p;
	require(count);
	check_eq(EINTR, run_and_stop("attach count_fentry *; links", 0));
	check_eq(ENOENT, shell_exec("detach count_fentry"));
	require(find_prog(&p, "count_fentry", &log) == OK);
	begin_typing(150);
	enum err e = attach_progs(&p, 1, &(struct attach_options){ .func = "*" }, &log);
	end_typing();
	check(e == OK || e == EINTR);
	check_eq(e ? ENOENT : OK, detach_progs(&p, 1, NULL, &log));
	check_eq(OK, shell_exec("audit; attach count_fentry *; detach count_fentry"));
	builtin_unload(count);
}

TEST(stop_ends_a_comparison_and_leaves_nothing_attached)
{
	const struct site *site = site_named("kfree_skb");
	require(site);
	check_eq(EINTR, run_and_stop("compare kfree_skb; links", 300));
	check(holds_nop(site->addr));
	check_eq(OK, shell_exec("audit"));
}

TEST(stop_ends_a_table_and_frees_it)
{
	char text[64] = "";
	struct strbuf log = STRBUF(text);
	struct table t;
	const struct in_use before = in_use();
	table_begin(&t, "a|>b");
	for (u32 i = 0; i < 1000; i++)
		table_add(&t, "x\t%u", i);
	progress_reset();
	uart_type("\x03");
	check_eq(EINTR, table_print(&t, &log));
	check_str("", text);
	progress_reset();
	check_in_use(&before);
}
