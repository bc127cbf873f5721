/* SPDX-License-Identifier: MIT */
/* What the files of range share. All of them work on numbers of w bits, RANGE_BITS or RANGE_LOW. */
#pragma once
#include "vm/verify/range.h"

static inline u64 ones(u32 w)
{
	return w < 64 ? (1ull << w) - 1 : ~0ull;
}
static inline u64 sign_bit(u32 w)
{
	return 1ull << (w - 1);
}
static inline u64 zero_extend(u64 n, u32 w)
{
	return n & ones(w);
}
static inline i64 sign_extend(u64 n, u32 w)
{
	return (i64)((zero_extend(n, w) ^ sign_bit(w)) - sign_bit(w));
}

/* tnum.c */
struct tnum tnum_const(u64 n);
struct tnum tnum_any(u32 w);
struct tnum tnum_between(u64 min, u64 max); /* the bits in front of the first that differs */
struct tnum tnum_join(struct tnum a, struct tnum b);
bool tnum_meet(struct tnum *a, struct tnum b); /* false: nothing is in both */
struct tnum tnum_low(struct tnum t, u32 w);
struct tnum tnum_add(struct tnum a, struct tnum b, u32 w);
struct tnum tnum_sub(struct tnum a, struct tnum b, u32 w);
struct tnum tnum_mul(struct tnum a, struct tnum b, u32 w);
struct tnum tnum_and(struct tnum a, struct tnum b);
struct tnum tnum_or(struct tnum a, struct tnum b);
struct tnum tnum_xor(struct tnum a, struct tnum b);

/* Sets *n to the smallest number of t that is not below it; false if there is none. */
bool tnum_next(struct tnum t, u32 w, u64 *n);

/* range.c */
struct bounds bounds_any(u32 w);
struct bounds bounds_meet(struct bounds a, struct bounds b); /* the numbers in both */
struct range range_reduced(struct range r);
struct range range_empty(void);
