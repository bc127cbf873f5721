// SPDX-License-Identifier: MIT
// One Collatz step a byte of length; from 1 on to the next start.
#include "tests/bench/bench.h"

BENCH(collatz)
{
	u64 start = 27, n = start, sum = 0;
	(void)mem;
	for (u64 i = 0; i < len; i++) {
		n = n & 1 ? 3 * n + 1 : n / 2;
		sum += n;
		if (n == 1)
			n = ++start;
	}
	return sum;
}
