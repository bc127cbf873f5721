// SPDX-License-Identifier: MIT
// Divisions by registers: 64 and 32 bits, unsigned, quotient and remainder both.
#include "tests/bench/bench.h"

BENCH(divreg)
{
	const u64 *words = (const u64 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i + 1 < len / 8; i += 2) {
		u64 v = words[i], by = words[i + 1] >> 40 | 1;
		u32 v32 = (u32)words[i + 1], by32 = (u32)v >> 20 | 1;
		sum += v / by ^ v % by;
		sum += v32 / by32 + v32 % by32;
	}
	return sum;
}
