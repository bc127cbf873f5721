// SPDX-License-Identifier: MIT
// Reads two neighbours, writes their sum in the place of the first, xors the sums.
#include "tests/bench/bench.h"

BENCH(mem64)
{
	u64 *words = (u64 *)mem;
	u64 hash = 0;
	for (u64 i = 0; i + 1 < len / 8; i++) {
		u64 sum = words[i] + words[i + 1];
		words[i] = sum;
		hash ^= sum;
	}
	return hash;
}
