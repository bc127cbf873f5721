// SPDX-License-Identifier: MIT
// Bugs that Linux and others had in this mechanism, and for each the test that would find it here.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"

extern const struct test __start_tests[], __stop_tests[];

/* clang-format off */
static const struct {
	const char *bug, *test;
} history[] = {
	{ "image freed while the traced function sleeps (e21aa341785c)",
	  "tramp_image_outlives_a_task_that_sleeps_in_it" },
	{ "image reused under a preempted task (2020)",
	  "tramp_image_is_not_used_again_under_a_preempted_task" },
	{ "poke descriptor used after it is gone, by foreign int3s (efd608fa7403)",
	  "poke_leaves_foreign_int3s_to_their_owner_while_batches_come_and_go" },
	{ "int3 call emulation corrupts the stack (ecc606103837)",
	  "poke_emulates_call_jmp_and_nop_with_a_known_stack" },
	{ "... and its gap below the frame",
	  "trap_breakpoint_handler_may_push_a_call" },
	{ "patcher and generator disagree on which five-byte nop (2021)",
	  "attach_nops_are_the_same_from_compiler_generators_and_patcher" },
	{ "fexit on a function that does not return (cfe816d469dc)",
	  "tramp_refuses_what_comes_after_a_function_that_never_returns" },
	{ "narrow arguments with dirty upper bits",
	  "narrow_arguments_with_dirty_upper_bits" },
	{ "7 to 12 arguments",
	  "seven_to_twelve_arguments" },
	{ "structs on the stack (473e3150e30a)",
	  "structs_on_the_stack_are_refused" },
	{ "variadic functions (2021)",
	  "variadic_functions_are_refused" },
	{ "failed attach leaks an image",
	  "tramp_undoes_everything_when_memory_runs_out" },
	{ "detach fails for lack of memory (syzbot)",
	  "tramp_removes_without_memory_whatever_the_order" },
	{ "conditional jumps emulated wrong by kprobes: JNG, JNLE (8924779df820)",
	  "kprobe_every_condition_with_every_combination_of_flags" },
	{ "tail call through a trampoline loses its count",
	  "attach_keeps_the_count_of_tail_calls_through_trampolines" },
	{ "multi-attach rolled back half-way",
	  "tramp_rolls_a_change_of_many_back_half_way" },
	{ "table points beside the site, and a probe never fires",
	  "site_table_is_sorted_and_every_entry_is_a_nop" },
	{ "plain copy over a live nop, torn on another CPU (DragonOS 2201)",
	  "poke_of_code_that_other_cpus_run_is_never_wrong" },
};
/* clang-format on */

static bool exists(const char *name)
{
	for (const struct test *t = __start_tests; t < __stop_tests; t++)
		if (strcmp(t->name, name) == 0)
			return true;
	return false;
}

TEST(history_has_a_test_for_each_bug)
{
	for (u32 i = 0; i < array_len(history); i++)
		if (!check(exists(history[i].test)))
			kprintf("     %s: there is no test %s\n", history[i].bug, history[i].test);
}
