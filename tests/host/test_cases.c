// SPDX-License-Identifier: MIT
// Of tests/cases what needs no machine: what is refused.
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"

static void run_case(const struct vm_case *c, void *arg unused)
{
	vm_case_run(c);
}

TEST(cases_of_refusal_and_their_neighbours)
{
	vm_add_suite_helpers();
	check(vm_cases_read("tests/cases/refused.txt", run_case, NULL) >= 56);
}
