/* SPDX-License-Identifier: MIT */
/* What instructions do with numbers of RANGE_BITS and RANGE_LOW bits: what results on ranges are compared with. */
#pragma once
#include "kernel/lib/types.h"

/* The instructions that are tried. */
struct operation {
	const char *name;
	u32 code;       /* enum ALU_* or JMP_* */
	bool is_signed; /* of a division */
	bool is_unary;
};
extern const struct operation alus[14], jmps[11];

/* What the instruction computes. wide: as for range_alu. */
u64 truth_alu(const struct operation *op, bool wide, u64 a, u64 b);

/* Whether the jump is taken. */
bool truth_jump(const struct operation *op, bool wide, u64 a, u64 b);
