// SPDX-License-Identifier: MIT
// 1 / d in binary: a factor of as many bits as the dividend has, rounded up or down.
#include "vm/jit/reciprocal.h"

/* Returns the quotient 2^(bits + log) / d; *rest is the remainder. 2^log is the largest power of 2 below
 * d. */
static u64 divide_power(u64 d, u32 bits, u32 log, u64 *rest)
{
	u64 quotient = 0, r = 1ull << log;
	for (u32 i = 0; i < bits; i++) {
		bool carry = r >> 63;
		r <<= 1;
		quotient <<= 1;
		if (carry || r >= d) {
			r -= d;
			quotient++;
		}
	}
	*rest = r;
	return quotient;
}

/* A factor that is rounded up is too large by error / d of its last bit. x times that must stay below one
 * step of the quotient. This holds if error <= 2^log. Otherwise:
 * - An even d is halved until it is odd. That makes x shorter and leaves room for a larger error.
 * - For an odd d the factor is rounded down, and x is increased by 1. */
struct reciprocal reciprocal_of(u64 d, u32 bits)
{
	u32 log = 63 - (u32)__builtin_clzll(d);
	u64 rest, quotient = divide_power(d, bits, log, &rest), error = d - rest;
	if (error <= 1ull << log)
		return (struct reciprocal){ .factor = quotient + 1, .after = (u8)log };
	u32 twos = (u32)__builtin_ctzll(d);
	if (!twos)
		return (struct reciprocal){ .factor = quotient, .after = (u8)log, .plus = true };
	log -= twos;
	quotient = divide_power(d >> twos, bits, log, &rest);
	return (struct reciprocal){ .factor = quotient + 1, .before = (u8)twos, .after = (u8)log };
}
