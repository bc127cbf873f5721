/* SPDX-License-Identifier: MIT */
/* The interpreter: the executable definition of every instruction. Slow and plain; the JIT must agree. */
#pragma once
#include "vm/prog.h"

/* Runs a verified program with R1 = ctx and gives R0. Takes about PROG_FRAMES * PROG_STACK bytes of
 * the caller's stack. A load from a bad address gives 0, a store to one is dropped. */
u64 interp_run(const struct prog *p, const void *ctx);

/* The same with R1 to R5 given; for tests and host tools (R2 = length of the memory at R1). */
u64 interp_run_args(const struct prog *p, const u64 args[5]);
