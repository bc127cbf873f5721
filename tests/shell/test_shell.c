// SPDX-License-Identifier: MIT
// Commands as --exec runs them: all in order; the first error is remembered; a refusal changes nothing. Tests
// of what they print are in tests/e2e.
#include "tests/builtin.h"
#include "tests/in_use.h"
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "shell/shell.h"
#include "shell/table.h"
#include "shell/usage.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"

TEST(shell_first_error_is_remembered)
{
	check_eq(OK, shell_exec(""));
	check_eq(OK, shell_exec(" ; ;cpus; mem"));
	check_eq(ENOENT, shell_exec("frobnicate"));
	check_eq(ENOENT, shell_exec("site no_such_function; cpus"));
	check_eq(EINVAL, shell_exec("site; frobnicate"));
	check_eq(EINVAL, shell_exec("cpus 'open"));
}

TEST(shell_runs_what_follows_an_error)
{
	u64 before = poke_stats().pokes;
	check_eq(ENOENT, shell_exec("frobnicate; poke-test kfree_skb; poke-test kfree_skb"));
	check_eq(2, poke_stats().pokes - before);
}

TEST(shell_every_command_checks_how_many_arguments)
{
	const struct command *c;
	for (u32 n = 0; (c = shell_command(n)); n++) {
		char line[64];
		u32 least, most;
		struct strbuf s = STRBUF(line);
		str_printf(&s, "%s", c->name);
		usage_count(c->usage, &least, &most);
		for (u32 i = 0; i <= most && most != USAGE_ANY; i++)
			str_puts(&s, " x");
		check_eq(EINVAL, shell_exec(line));
		check(c->help[0] && least <= most);
	}
}

TEST(shell_every_command_has_words)
{
	const struct command *c;
	for (u32 n = 0; (c = shell_command(n)); n++) {
		check(c->about && str_matches(c->about, "*. *."));
		check(c->example && *c->example);
		check(c->on_linux && *c->on_linux);
	}
}

/* All that can be ended: once it is on, `off` is refused only the second time. */
TEST(shell_ending_what_does_not_run_is_refused)
{
	static const struct {
		const char *on, *off;
	} pairs[] = {
		{ "attach count_fentry kfree_skb", "detach count_fentry" },
		{ "attach count_fentry kfree_skb", "detach count_fentry kfree_skb" },
		{ "ftrace kfree_skb", "ftrace off" },
		{ "graph kfree_skb", "graph off" },
		{ "kprobe kfree_skb", "kprobe off" },
		{ "kretprobe kfree_skb", "kprobe off" },
		{ "hijack on", "hijack off" },
		{ "share on", "share off" },
		{ "stats on", "stats off" },
	};
	struct object *count = builtin_load("count");
	require(count);
	for (u32 i = 0; i < array_len(pairs); i++) {
		check_eq(ENOENT, shell_exec(pairs[i].off));
		check_eq(OK, shell_exec(pairs[i].on));
		check_eq(OK, shell_exec(pairs[i].off));
		check_eq(ENOENT, shell_exec(pairs[i].off));
	}
	check_eq(OK, shell_exec("detach all; audit"));
	builtin_unload(count);
}

TEST(shell_breaks_and_mends_a_site)
{
	const struct site *site = site_named("kfree_skb");
	require(site);
	check_eq(OK, shell_exec("poke-test kfree_skb"));
	check(!holds_nop(site->addr));
	check_eq(OK, shell_exec("poke-test kfree_skb; site kfree_skb"));
	check(holds_nop(site->addr));
}

TEST(shell_lists_give_their_memory_back)
{
	check_eq(OK, shell_exec("ps"));
	msleep(20); /* tasks of earlier tests are freed behind their backs */
	rcu_barrier();
	const struct in_use before = in_use();
	check_eq(OK, shell_exec("ps; cpus; funcs kfree*; links; map list; prog list; trace 3"));
	check_in_use(&before);
}

/* The first allocation is that of the table, the next are those of the document. */
TEST(json_without_memory_is_refused)
{
	check_eq(OK, shell_exec("ps -j; prog list -j"));
	msleep(20);
	rcu_barrier();
	const struct in_use before = in_use();
	for (u32 i = 1; i <= 2; i++) {
		heap_fail_after(i);
		check_eq(ENOMEM, shell_exec("cpus -j"));
		heap_fail_after(0);
	}
	check_eq(OK, shell_exec("cpus -j; cpus"));
	check_eq(EINVAL, shell_exec("mem -j"));
	check_in_use(&before);
}

/* Only the keys need memory. */
TEST(map_dump_without_memory_is_refused)
{
	struct object *o = builtin_load("skbcount");
	require(o);
	check_eq(OK, shell_exec("map dump freed_per_proto"));
	const struct in_use before = in_use();
	heap_fail_after(1);
	check_eq(ENOMEM, shell_exec("map dump freed_per_proto"));
	heap_fail_after(0);
	check_eq(OK, shell_exec("map dump freed_per_proto"));
	check_in_use(&before);
	builtin_unload(o);
}

TEST(table_without_memory_prints_nothing)
{
	char text[64] = "";
	struct strbuf log = STRBUF(text);
	struct table t;
	const struct in_use before = in_use();
	table_begin(&t, "a|>b");
	heap_fail_after(1);
	table_add(&t, "x");
	heap_fail_after(0);
	table_add(&t, "y");
	check_eq(ENOMEM, table_print(&t, &log));
	check_str("no memory for the list", text);
	check_in_use(&before);
}

/* Lengths around 256, and far longer. */
TEST(table_takes_cells_of_any_length)
{
	static char name[5001];
	struct table t;
	memset(name, 'n', sizeof(name) - 1);
	table_begin(&t, "name|>n");
	for (u32 len = 254; len < sizeof(name); len = len < 258 ? len + 1 : len * 4) {
		table_add(&t, "%s", name + sizeof(name) - 1 - len);
		check_eq(len, strlen(t.text + t.len - len - 1));
		table_add(&t, "%u", len);
		check_eq(len, t.width[0]);
	}
	t.cells = 0; /* the heading is enough */
	check_eq(OK, table_print(&t, NULL));
}

TEST(table_keeps_the_widest_cell)
{
	struct table t;
	table_begin(&t, "name|>n");
	for (u32 i = 0; i < 300; i++) {
		table_add(&t, "%s", i == 7 ? "the widest" : "x");
		table_add(&t, "%u", i);
	}
	check_eq(600, t.cells);
	check_eq(10, t.width[0]);
	check_eq(3, t.width[1]);
	t.cells = 16; /* enough to look at */
	check_eq(OK, table_print(&t, NULL));
}

/* As compare leaves it when it fails. */
TEST(table_leaves_out_half_a_row)
{
	struct table t;
	table_begin(&t, "name|>n|last");
	table_add(&t, "whole\t1\trow");
	table_add(&t, "half");
	memset(t.text + t.len, 'x', t.cap - t.len); /* it must not be read */
	check_eq(OK, table_print(&t, NULL));
}

TEST(table_counts_no_escape_sequence)
{
	struct table t;
	table_begin(&t, "a|b");
	table_add(&t, "\x1b[1;35mcc\x1b[0m 1f\t\x1b[0m");
	check_eq(5, t.width[0]);
	check_eq(1, t.width[1]);
	check_eq(OK, table_print(&t, NULL));
}

TEST(table_takes_several_cells_at_once)
{
	struct table t;
	table_begin(&t, "name|>n|last");
	table_add(&t, "%s\t%u\t%s", "", 12, "with a\ttab");
	check_eq(3, t.cells);
	check_eq(4, t.width[0]);
	check_eq(2, t.width[1]);
	check_eq(10, t.width[2]);
	check_eq(OK, table_print(&t, NULL));
}
