/* SPDX-License-Identifier: MIT */
/* tests/cases/NAME.txt: programs with what they must do, one paragraph each.
 *
 *      name: add64 carries into the upper half
 *      mem: ff ff ff ff                R1 points to it, R2 is its length; may be left out
 *          r0 = *(u32 *)(r1 +0)        instructions, as the disassembler writes them
 *          r0 += 1
 *          exit
 *      r0: 0x100000000                 what it returns, or
 *      refused: insn 1: ...            the whole message of the verifier
 *      after: 00 ff ff ff              the memory afterwards; may be left out
 *
 * Lines that begin with # say nothing. Every accepted case runs in the interpreter and as machine code. */
#pragma once
#include "kernel/lib/types.h"

/* Runs all of a file's cases; each that fails is a failed check that names it. At least `least` of them
 * must be there. */
void vm_cases_run(const char *path, u32 least);
