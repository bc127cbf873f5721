// SPDX-License-Identifier: MIT
// Binary searches for each number in a list of squares, which no memory holds.
#include "tests/bench/bench.h"

BENCH(search)
{
	const u32 *words = (const u32 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 32; i++) {
		u64 low = 0, high = 65536;
		while (low + 1 < high) {
			u64 middle = (low + high) / 2;
			if (middle * middle <= words[i])
				low = middle;
			else
				high = middle;
		}
		sum += low;
	}
	return sum;
}
