// SPDX-License-Identifier: MIT
// One xorshift64 step a byte of length, summed: six dependent 64-bit operations.
#include "tests/bench/bench.h"

BENCH(alu64)
{
	u64 x = 88172645463325252ull, sum = 0;
	(void)mem;
	for (u64 i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sum += x;
	}
	return sum;
}
