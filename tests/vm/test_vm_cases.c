// SPDX-License-Identifier: MIT
// The programs of tests/cases, interpreted and compiled; on the host and in the machine.
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/run/helper.h"

static void run_case(const struct vm_case *c, void *arg)
{
	*(u32 *)arg += max(c->row_count, 1u);
	vm_case_run(c);
}

/* Runs all of a file's cases, of which there must be at least `least`. */
static void run_file(const char *path, u32 least)
{
	u32 count = 0;
	vm_add_suite_helpers();
	vm_cases_read(path, run_case, &count);
	helper_add_table(NULL, 0);
	check(count >= least);
}

TEST(cases_of_jumps_and_calls)
{
	run_file("tests/cases/jump.txt", 21);
}

TEST(cases_of_calls_by_address)
{
	run_file("tests/cases/calls.txt", 28);
}

TEST(cases_of_memory)
{
	run_file("tests/cases/memory.txt", 18);
}

TEST(cases_of_whole_programs)
{
	run_file("tests/cases/programs.txt", 16);
}

TEST(cases_of_optimisation)
{
	run_file("tests/cases/optimise.txt", 330);
}

TEST(cases_of_every_arithmetic_opcode)
{
	run_file("tests/cases/opcodes_alu.txt", 470);
}

TEST(cases_of_every_division_opcode)
{
	run_file("tests/cases/opcodes_div.txt", 580);
}

TEST(cases_of_every_jump_opcode)
{
	run_file("tests/cases/opcodes_jump.txt", 460);
}

TEST(cases_of_every_memory_opcode)
{
	run_file("tests/cases/opcodes_memory.txt", 180);
}

TEST(cases_of_every_atomic_opcode)
{
	run_file("tests/cases/opcodes_atomic.txt", 145);
}
