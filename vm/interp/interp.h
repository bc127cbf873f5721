/* SPDX-License-Identifier: MIT */
/* The interpreter: the executable definition of every instruction; the JIT must agree. It runs a program
 * that is decoded once, and shares nothing with what the JIT makes of one. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Decodes a verified program into p->icode, about 16 bytes for each instruction; ENOMEM. */
enum err interp_prepare(struct prog *p);
void interp_forget(struct prog *p);

/* The instruction of p that a word of the interpreter's registers or stack points to; p->insn_count if it
 * points to none. notrace. */
u32 interp_insn_at(const struct prog *p, uptr word);

/* Runs a program with R1 = ctx and gives R0. Takes about PROG_FRAMES * PROG_STACK bytes of the caller's
 * stack. A load from a bad address gives 0, a store to one is dropped, and both are counted
 * (vm/run/mistake.h); nobody counts instructions. */
u64 interp_run(const struct prog *p, const void *ctx);

/* The same with R1 to R5 given; for tests and host tools (R2 = length of the memory at R1). */
u64 interp_run_args(const struct prog *p, const u64 args[5]);

/* What an untrusted program may do. Beside these regions it has its stack and the values of its object's
 * maps. */
struct interp_region {
	const void *base;
	u64 len;
};
struct interp_limits {
	const struct interp_region *regions;
	u32 region_count;
	u64 insns; /* that may run, at most 2^58; a 64-bit immediate counts as two */
};

/* The same for any program that the verifier lets through, whatever its registers hold. EFAULT if it goes
 * for memory that it may not use, itself or by what it gives a helper; ETIMEDOUT if it runs for more
 * instructions; EINVAL if it calls by register what is no helper and no function; with one sentence in log
 * that names the instruction. What it has done until then stays. */
enum err interp_run_limited(const struct prog *p, const u64 args[5], const struct interp_limits *limits,
			    u64 *r0, struct strbuf *log);
