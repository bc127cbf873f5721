/* SPDX-License-Identifier: MIT */
/* Division by a constant as multiplication (Granlund and Montgomery, "Division by Invariant Integers using
 * Multiplication", PLDI 1994). Numbers only; x86_64/div.c turns them into instructions. */
#pragma once
#include "kernel/lib/types.h"

/* For all x of `bits` bits:
 *
 *      x / d = ((x >> before) * factor + (plus ? factor : 0)) >> (bits + after)
 * The product has twice as many bits, and never overflows. before and plus are never both set. */
struct reciprocal {
	u64 factor; /* of `bits` bits, the highest is 1 */
	u8 before, after;
	bool plus;
};

/* bits is 32 or 64. d has at most so many bits, and is neither 0 nor a power of two. */
struct reciprocal reciprocal_of(u64 d, u32 bits);
