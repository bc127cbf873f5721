/* SPDX-License-Identifier: MIT */
/* Sets of numbers of at most 6 bits, as bitmaps, and the ranges that describe them. */
#pragma once
#include "vm/verify/range_parts.h"

#define NUMBERS (1u << RANGE_BITS)

/* Bit n: number n is in it. */
typedef u64 set;

struct item {
	struct range r;
	set s;
};

static inline bool set_has(set s, u32 n)
{
	return s >> n & 1;
}
static inline set set_of_one(u64 n)
{
	return 1ull << n;
}

set set_of(const struct range *r);

/* The smallest range that has all of s; what is in that. set_closure remembers. */
struct range set_range(set s);
set set_closure(set s);

/* Calls visit with each range that can be written down, not yet reduced; with those that one description alone makes. */
typedef void range_visitor(struct range r);
void each_range(range_visitor *visit);
void each_single_range(range_visitor *visit);
