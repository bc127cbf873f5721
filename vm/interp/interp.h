/* SPDX-License-Identifier: MIT */
/* The interpreter: the executable definition of every instruction. The JIT must agree with it. It decodes a
 * program once, and shares no code with the JIT. */
#pragma once
#include "kernel/lib/fmt.h"
#include "vm/prog.h"

/* Decodes a verified program into p->icode, 16 bytes for each instruction; fails only with ENOMEM.
 * interp_forget frees p->icode. */
enum err interp_prepare(struct prog *p);
void interp_forget(struct prog *p);

/* Returns the instruction of p to which a word of the interpreter's registers or stack points;
 * p->insn_count if it points to none. notrace. */
u32 interp_insn_at(const struct prog *p, uptr word);

/* Runs a program with R1 = ctx and returns R0. Takes up to PROG_FRAMES * PROG_STACK bytes of the caller's
 * stack. A load from a bad address reads 0, a store to one is dropped, and both are counted
 * (vm/run/mistake.h). The number of instructions has no limit. */
u64 interp_run(const struct prog *p, const void *ctx);

/* The same with R1 to R5 = args. For tests and host tools, where R2 is the length of the memory at R1. */
u64 interp_run_args(const struct prog *p, const u64 args[5]);

/* What an untrusted program may do. Besides these regions it may use its stack and the values of its object's
 * maps. */
struct interp_region {
	const void *base;
	u64 len;
};
struct interp_limits {
	const struct interp_region *regions;
	u32 region_count;
	u64 insns; /* how many may run, at most 2^58; a 64-bit immediate counts as two */
};

/* Runs an untrusted program, which the verifier has accepted, with R1 to R5 = args; sets *r0 to its R0. What
 * the program did before an error stays. On an error log has one sentence that names the instruction:
 *
 *      EFAULT     it accesses memory that it may not use, or passes such memory to a helper
 *      ETIMEDOUT  it runs for more instructions than it may
 *      EINVAL     callx: the register holds neither a helper nor a function */
enum err interp_run_limited(const struct prog *p, const u64 args[5], const struct interp_limits *limits,
			    u64 *r0, struct strbuf *log);
