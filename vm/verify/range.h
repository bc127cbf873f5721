/* SPDX-License-Identifier: MIT */
/* Sets of numbers: what a register may hold, as far as it is known. Pure: no memory, no globals.
 *
 * A range holds the numbers that five descriptions of a 64-bit number allow together:
 *
 *      bits    which bits are known, and their value (Linux calls it a tnum)
 *      whole   from where to where it goes: umin to umax without a sign, smin to smax with one
 *      low     likewise for its low 32 bits, which 32-bit instructions work on
 *
 * Each operation is sound: the result holds each number that can come out; it may hold more. The result is reduced:
 * what one description rules out, the others rule out, too, as far as three rounds find it.
 *
 * RANGE_BITS and RANGE_LOW are the two widths. A test compiles these files with small ones, and tries all numbers. */
#pragma once
#include "kernel/lib/types.h"

#ifndef RANGE_BITS
#define RANGE_BITS 64
#define RANGE_LOW  32
#endif

/* Bit i is unknown if it is set in mask; else it is that of value. value & mask is 0. */
struct tnum {
	u64 value, mask;
};

/* Two intervals, both of which hold; both ends are in them. What is narrower than 64 bits is extended: with zeros in
 * umin and umax, with its sign in smin and smax. */
struct bounds {
	u64 umin, umax;
	i64 smin, smax;
};

struct range {
	struct tnum bits;
	struct bounds whole, low;
};

/* One number; all numbers; those from min to max, which are in order. */
struct range range_const(u64 n);
struct range range_any(void);
struct range range_between(u64 min, u64 max);

/* Whether r is one number, r.bits.value; none; whether n is in it. */
bool range_is_const(const struct range *r);
bool range_is_empty(const struct range *r);
bool range_has(const struct range *r, u64 n);

/* Whether all numbers of b are in a, seen from each description alone. */
bool range_includes(const struct range *a, const struct range *b);

static inline bool range_is_same(const struct range *a, const struct range *b)
{
	return range_includes(a, b) && range_includes(b, a);
}

/* What is in both; what is in at least one, and more. */
struct range range_meet(struct range a, struct range b);
struct range range_join(struct range a, struct range b);

/* Arithmetic on ranges that are not empty. code: enum ALU_*, but MOV and END. wide: on all bits; else on the low ones,
 * and the others become 0. is_signed: for DIV and MOD. RFC 9669 section 4.1; a / 0 is 0, and a % 0 is a. */
struct range range_alu(u32 code, bool wide, bool is_signed, struct range a, struct range b);

/* The low width bits of a, extended to all bits by zeros or by the sign. width: 1 to RANGE_BITS. */
struct range range_zero_extend(struct range a, u32 width);
struct range range_sign_extend(struct range a, u32 width);

/* The low width bits of a with their bytes in the opposite order. width: 16, 32, 64. */
struct range range_swap(struct range a, u32 width);

/* Removes numbers with which the jump would not go this way: code is enum JMP_*, a and b its operands, wide as above.
 * If one of them is empty afterwards, it cannot go this way. Returns false then. */
bool range_assume(u32 code, bool wide, bool taken, struct range *a, struct range *b);
