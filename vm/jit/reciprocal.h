/* SPDX-License-Identifier: MIT */
/* Division by a constant as multiplication (Granlund and Montgomery, "Division by Invariant Integers using
 * Multiplication", PLDI 1994). Numbers only; div.c makes instructions of them. */
#pragma once
#include "kernel/lib/types.h"

/* For all x of so many bits:
 *
 *      x / d = ((x >> before) * factor + (plus ? factor : 0)) >> (bits + after)
 *
 * in a product of twice the bits, which it never overflows. before and plus are never both there. */
struct reciprocal {
	u64 factor; /* of `bits` bits, the highest is 1 */
	u8 before, after;
	bool plus;
};

/* bits is 32 or 64; d, of so many bits, is neither 0 nor a power of two. */
struct reciprocal reciprocal_of(u64 d, u32 bits);
