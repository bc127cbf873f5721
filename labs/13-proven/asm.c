// SPDX-License-Identifier: MIT
// The assembler of the tests, for the check of lab 13.
#include "tests/host/vm_asm.c"
#include "tests/host/vm_run.c"
