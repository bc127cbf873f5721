// SPDX-License-Identifier: MIT
// Numbers of which some bits are known.
#include "vm/verify/range_parts.h"

struct tnum tnum_const(u64 n)
{
	return (struct tnum){ .value = n };
}

struct tnum tnum_any(u32 w)
{
	return (struct tnum){ .mask = ones(w) };
}

/* Sets each bit below one that is set. */
static u64 smear(u64 n)
{
	for (u32 by = 1; by < 64; by *= 2)
		n |= n >> by;
	return n;
}

struct tnum tnum_between(u64 min, u64 max)
{
	u64 differs = smear(min ^ max);
	return (struct tnum){ .value = min & ~differs, .mask = differs };
}

struct tnum tnum_join(struct tnum a, struct tnum b)
{
	u64 mask = a.mask | b.mask | (a.value ^ b.value);
	return (struct tnum){ .value = a.value & ~mask, .mask = mask };
}

bool tnum_meet(struct tnum *a, struct tnum b)
{
	bool fits = !((a->value ^ b.value) & ~a->mask & ~b.mask);
	a->mask &= b.mask;
	a->value = (a->value | b.value) & ~a->mask;
	return fits;
}

struct tnum tnum_low(struct tnum t, u32 w)
{
	return (struct tnum){ .value = t.value & ones(w), .mask = t.mask & ones(w) };
}

/* The largest and the smallest sum differ where a carry or a bit is unknown. */
struct tnum tnum_add(struct tnum a, struct tnum b, u32 w)
{
	u64 least = a.value + b.value, most = least + a.mask + b.mask;
	u64 mask = (least ^ most) | a.mask | b.mask;
	return tnum_low((struct tnum){ .value = least & ~mask, .mask = mask }, w);
}

/* a - b is ~(~a + b). */
struct tnum tnum_sub(struct tnum a, struct tnum b, u32 w)
{
	struct tnum not_a = { .value = ~(a.value | a.mask), .mask = a.mask };
	struct tnum sum = tnum_add(not_a, b, 64);
	return tnum_low((struct tnum){ .value = ~(sum.value | sum.mask), .mask = sum.mask }, w);
}

/* Adds b, shifted, for each bit of a that is 1; for an unknown bit it is one sum or the other. */
struct tnum tnum_mul(struct tnum a, struct tnum b, u32 w)
{
	struct tnum sum = tnum_const(0);
	for (u32 i = 0; i < w; i++) {
		struct tnum row = { .value = b.value << i, .mask = b.mask << i };
		struct tnum with = tnum_add(sum, row, w);
		if (a.mask >> i & 1)
			sum = tnum_join(sum, with);
		else if (a.value >> i & 1)
			sum = with;
	}
	return sum;
}

struct tnum tnum_and(struct tnum a, struct tnum b)
{
	u64 may = (a.value | a.mask) & (b.value | b.mask), must = a.value & b.value;
	return (struct tnum){ .value = must, .mask = may & ~must };
}

struct tnum tnum_or(struct tnum a, struct tnum b)
{
	u64 must = a.value | b.value;
	return (struct tnum){ .value = must, .mask = (a.mask | b.mask) & ~must };
}

struct tnum tnum_xor(struct tnum a, struct tnum b)
{
	u64 mask = a.mask | b.mask;
	return (struct tnum){ .value = (a.value ^ b.value) & ~mask, .mask = mask };
}

/* All known bits are to be right. The highest wrong one decides: if it must become 1, the bits below it become as small
 * as they can. If it must become 0, the number must first grow: in the lowest unknown bit above it that is 0. */
bool tnum_next(struct tnum t, u32 w, u64 *n)
{
	u64 wrong = smear((*n ^ t.value) & ~t.mask & ones(w)), from = wrong;
	if (!wrong)
		return true;
	if (!(t.value & (wrong ^ wrong >> 1))) {
		u64 grows = t.mask & ~*n & ~wrong;
		if (!grows)
			return false;
		grows &= -grows;
		*n |= grows;
		from = grows - 1;
	}
	*n = (*n & ~from) | (t.value & from);
	return true;
}
