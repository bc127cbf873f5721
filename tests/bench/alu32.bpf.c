// SPDX-License-Identifier: MIT
// One xorshift32 step a byte of length, hashed: the same in 32 bits.
#include "tests/bench/bench.h"

BENCH(alu32)
{
	u32 x = 2463534242u, sum = 0;
	(void)mem;
	for (u64 i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		sum = sum * 33 + x;
	}
	return sum;
}
