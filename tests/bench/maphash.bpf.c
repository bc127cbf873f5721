// SPDX-License-Identifier: MIT
// Look-ups in a hash map by a flow's addresses and ports; a flow is added when it is first seen.
#include "tests/bench/bench.h"

struct flow {
	u32 from, to;
	u16 from_port, to_port;
	u32 protocol;
};

BENCH_HASH(flows, 256, struct flow, u64)

BENCH(maphash)
{
	const u32 *words = (const u32 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 32; i++) {
		struct flow f = { words[i], words[i] ^ 0xffff, (u16)i, 80, 6 };
		u64 *seen = hash_lookup(&flows, &f), fresh = words[i];
		if (!seen)
			hash_update(&flows, &f, &fresh, 0);
		sum += seen ? *seen : fresh;
	}
	return sum;
}
