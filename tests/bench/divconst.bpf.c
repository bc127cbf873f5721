// SPDX-License-Identifier: MIT
// Divisions by constants, of 64 and 32 bits: quotient and remainder.
#include "tests/bench/bench.h"

BENCH(divconst)
{
	const u64 *words = (const u64 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 8; i++) {
		u64 v = words[i];
		sum += v / 10;
		sum ^= v % 1000;
		sum += (u32)v / 7;
	}
	return sum;
}
