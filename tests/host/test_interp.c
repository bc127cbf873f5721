// SPDX-License-Identifier: MIT
// What every instruction does, case by case; the interpreter defines it and the JIT must agree.
#include "tests/host/vm_cases.h"
#include "tests/test.h"

TEST(cases_of_arithmetic)
{
	vm_cases_run("tests/cases/alu.txt", 46);
}

TEST(cases_of_jumps_and_calls)
{
	vm_cases_run("tests/cases/jump.txt", 20);
}

TEST(cases_of_memory)
{
	vm_cases_run("tests/cases/memory.txt", 18);
}
