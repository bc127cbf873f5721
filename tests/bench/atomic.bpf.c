// SPDX-License-Identifier: MIT
// Atomic additions whose old value is not used.
#include "tests/bench/bench.h"

BENCH(atomic)
{
	u64 *words = (u64 *)mem;
	for (u64 i = 0; i < len / 4; i++)
		__sync_fetch_and_add(&words[i & 7], i);
	return words[0] + words[7];
}
