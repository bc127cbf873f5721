/* SPDX-License-Identifier: MIT */
/* The meaning of instructions, written a second time for tests: from RFC 9669, as plainly as possible,
 * without any code of the interpreter. */
#pragma once
#include "vm/insn.h"

/* Addresses of this 4 GiB are bad: a load reads 0, a store is dropped. */
#define MODEL_BAD 0x0000123400000000ull

struct model {
	u64 r[BPF_REGS]; /* R10 points behind a stack of the caller */

	/* Whether an access may touch these bytes; NULL: any. Other accesses count as ones to bad
	 * addresses. */
	bool (*is_mine)(uptr at, u32 size);
	bool strayed; /* there was such an access; or an atomic one across two cache lines, for which some
		       * machines stop for milliseconds */
};

/* Executes count instructions that jump forward only; no calls. */
void model_run(struct model *m, const struct insn *in, u32 count);

/* Returns the result of an arithmetic instruction for the values of its registers. */
u64 model_alu(const struct insn *in, u64 dst, u64 src);
