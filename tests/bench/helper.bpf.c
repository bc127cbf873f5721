// SPDX-License-Identifier: MIT
// Calls of a helper that does nothing.
#include "tests/bench/bench.h"

BENCH(helper)
{
	u64 sum = 0;
	(void)mem;
	for (u64 i = 0; i < len / 4; i++)
		sum += helper_42() + i;
	return sum;
}
