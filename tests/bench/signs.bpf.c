// SPDX-License-Identifier: MIT
// Signed arithmetic: sign extension of each width, comparisons, shifts, absolute values.
#include "tests/bench/bench.h"

BENCH(signs)
{
	const i8 *bytes = (const i8 *)mem;
	const i16 *halves = (const i16 *)mem;
	const i32 *words = (const i32 *)mem;
	i64 sum = 0, lowest = 0;
	for (u64 i = 0; i < len / 8; i++) {
		i64 v = words[i];
		sum += bytes[i] * halves[i];
		sum -= v >> 3;
		if (v < lowest)
			lowest = v;
		sum += v < 0 ? -v : v;
	}
	return (u64)(sum + lowest);
}
