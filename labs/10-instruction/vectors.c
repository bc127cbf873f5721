// SPDX-License-Identifier: MIT
// What the tests of instructions are made of, for the check of lab 10.
#include "tests/files.c"
#include "tests/host/vm_asm.c"
#include "tests/host/vm_run.c"
#include "tests/vm_case.c"
#include "tests/vm_ways.c"
