// SPDX-License-Identifier: MIT
// Look-ups in an array map; the values are read only, so that every run returns the same.
#include "tests/bench/bench.h"

struct counter {
	u64 packets, bytes;
};

BENCH_ARRAY(counters, 256, struct counter)

BENCH(maparray)
{
	const u32 *words = (const u32 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 8; i++) {
		/* One in nine is not there. */
		u32 key = words[i] % 288;
		struct counter *c = array_lookup(&counters, &key);
		sum += c ? c->packets + c->bytes + key : 1;
	}
	return sum;
}
