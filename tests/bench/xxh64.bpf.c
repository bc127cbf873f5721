// SPDX-License-Identifier: MIT
// XXH64 with seed 0, for lengths that are multiples of 32.
#include "tests/bench/bench.h"

#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
#define P3 0x165667b19e3779f9ull
#define P4 0x85ebca77c2b2ae63ull

static inline u64 lane_round(u64 lane, u64 word)
{
	return rol64(lane + word * P2, 31) * P1;
}

static inline u64 merge(u64 hash, u64 lane)
{
	return (hash ^ lane_round(0, lane)) * P1 + P4;
}

BENCH(xxh64)
{
	const u64 *words = (const u64 *)mem;
	u64 v1 = P1 + P2, v2 = P2, v3 = 0, v4 = 0 - P1;
	for (u64 i = 0; i < len / 32; i++, words += 4) {
		v1 = lane_round(v1, words[0]);
		v2 = lane_round(v2, words[1]);
		v3 = lane_round(v3, words[2]);
		v4 = lane_round(v4, words[3]);
	}
	u64 hash = rol64(v1, 1) + rol64(v2, 7) + rol64(v3, 12) + rol64(v4, 18);
	hash = merge(merge(merge(merge(hash, v1), v2), v3), v4) + len;
	hash = (hash ^ hash >> 33) * P2;
	hash = (hash ^ hash >> 29) * P3;
	return hash ^ hash >> 32;
}
