// SPDX-License-Identifier: MIT
// One Collatz step a byte of length: from 27 down to 1, from 28 down to 1, and on.
#include "tests/bench/bench.h"

BENCH(collatz)
{
	u64 start = 27, n = start, steps = 0;
	(void)mem;
	for (; steps < len; start++)
		for (n = start; n != 1 && steps < len; steps++)
			n = n & 1 ? 3 * n + 1 : n / 2;
	return start + n;
}
