// SPDX-License-Identifier: MIT
// Adds to each word the one as far from the end, and xors the sums.
#include "tests/bench/bench.h"

BENCH(mem64)
{
	u64 *words = (u64 *)mem;
	u64 count = len / 8, hash = 0;
	for (u64 i = 0; i < count; i++) {
		u64 sum = words[i] + words[count - 1 - i];
		words[i] = sum;
		hash ^= sum;
	}
	return hash;
}
