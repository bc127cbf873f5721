// SPDX-License-Identifier: MIT
// Euclid on 32 pairs of 64-bit numbers: division by a register, remainder only.
#include "tests/bench/bench.h"

static u64 gcd_of(u64 a, u64 b)
{
	while (b) {
		u64 rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

BENCH(gcd)
{
	const u64 *words = (const u64 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 64; i += 2)
		sum += gcd_of(words[i], words[i + 1]);
	return sum;
}
