// SPDX-License-Identifier: MIT
// tramp/text/site.c: the table that the compiler made for this kernel.
#include "tests/nops.h"
#include "tests/test.h"
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/mem/sym.h"
#include "tramp/text/poke.h"
#include "tramp/text/site.h"

TEST(site_table_is_sorted_and_every_entry_is_a_nop)
{
	check(site_count() > 200);
	for (u32 i = 0; i < site_count(); i++) {
		check(i == 0 || site_nth(i - 1)->addr < site_nth(i)->addr);
		check(holds_nop(site_nth(i)->addr));
	}
}

TEST(site_is_found_by_name_and_by_address)
{
	struct site *s = site_named("kfree_skb");
	struct sym sym;
	require(s && sym_named("kfree_skb", &sym));
	check_eq(sym.addr, s->addr);
	check(site_at(s->addr) == s);
	check(!site_at(s->addr + 1));
	check(!site_at(0));
	check(!site_named("no_such_function"));
}

TEST(site_is_missing_where_the_patcher_runs)
{
	static const char *const notrace_functions[] = { "poke_emulate",     "smp_sync_cores", "text_patch",
							 "trap_dispatch",    "memcpy",         "text_find",
							 "preempt_schedule", "site_named_not" };
	for (u32 i = 0; i + 1 < array_len(notrace_functions); i++)
		check(!site_named(notrace_functions[i]));
}

/* A function that the compiler dissolved would be gone from BTF or have other arguments. */
TEST(site_has_btf_unless_two_share_its_name)
{
	for (u32 i = 0; i < site_count(); i++)
		if (!check(!site_nth(i)->btf_id == site_nth(i)->ambiguous))
			kprintf("     %s\n", site_nth(i)->name);
}

/* There is another function of this name in tests/tramp/test_poke.c. */
static __attribute__((noipa, used)) u32 tv_twice(u32 x)
{
	return x;
}

TEST(site_whose_name_two_functions_share_is_not_found)
{
	struct site *s = site_at((uptr)tv_twice);
	require(s);
	check(s->ambiguous);
	check(!site_named("tv_twice"));
}

/* Those of the tests may; in the kernel itself everything can be named. */
TEST(site_names_in_the_kernel_are_unique)
{
	for (u32 i = 0; i < site_count(); i++) {
		const struct site *s = site_nth(i);
		if (s->addr < (uptr)tests_run && !check(!s->ambiguous))
			kprintf("     twice: %s\n", s->name);
	}
}

static bool is_clone(const char *name)
{
	return str_matches(name, "*.*");
}

static noreturn traceable void never_returns(void)
{
	for (;;)
		compiler_barrier();
}

/* Known from the DWARF of the build, not from a list: for static functions and for others, for thread
 * functions, and for what is only declared so, in a header. */
TEST(site_knows_which_functions_do_not_return)
{
	static const char *const no[] = { "kfree_skb", "schedule", "task_init", "kthread_run" };
	static const char *const yes[] = { "do_exit",      "kthreadd",   "worker_thread", "shell_start",
					   "machine_exit", "sched_idle", "skb_panic",     "never_returns" };
	struct sym sym;
	for (u32 i = 0; i < array_len(yes); i++)
		if (!check(site_named(yes[i]) && site_named(yes[i])->no_return))
			kprintf("     %s\n", yes[i]);
	for (u32 i = 0; i < array_len(no); i++)
		if (!check(site_named(no[i]) && !site_named(no[i])->no_return))
			kprintf("     %s\n", no[i]);
	check(sym_named("panic", &sym) && sym.no_return);
	check(sym_at((uptr)never_returns, &sym) && sym.no_return);
}

TEST(site_names_are_those_of_the_source)
{
	struct sym sym;
	for (u32 i = 0; sym_nth(i, &sym); i++)
		check(!is_clone(sym.name));
}
