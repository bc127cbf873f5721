// SPDX-License-Identifier: MIT
// SipHash-2-4 with a constant key.
#include "tests/bench/bench.h"

#define ROUND                                                               \
	do {                                                                \
		v0 += v1, v1 = rol64(v1, 13), v1 ^= v0, v0 = rol64(v0, 32); \
		v2 += v3, v3 = rol64(v3, 16), v3 ^= v2;                     \
		v0 += v3, v3 = rol64(v3, 21), v3 ^= v0;                     \
		v2 += v1, v1 = rol64(v1, 17), v1 ^= v2, v2 = rol64(v2, 32); \
	} while (0)

BENCH(siphash)
{
	const u64 k0 = 0x0706050403020100ull, k1 = 0x0f0e0d0c0b0a0908ull;
	const u64 *words = (const u64 *)mem;
	u64 v0 = k0 ^ 0x736f6d6570736575ull, v1 = k1 ^ 0x646f72616e646f6dull;
	u64 v2 = k0 ^ 0x6c7967656e657261ull, v3 = k1 ^ 0x7465646279746573ull;
	for (u64 i = 0; i < len / 8; i++) {
		u64 m = words[i];
		v3 ^= m;
		ROUND;
		ROUND;
		v0 ^= m;
	}
	/* The last word holds the length's low byte; no bytes are left over. */
	u64 last = len << 56;
	v3 ^= last;
	ROUND;
	ROUND;
	v0 ^= last;
	v2 ^= 0xff;
	ROUND;
	ROUND;
	ROUND;
	ROUND;
	return v0 ^ v1 ^ v2 ^ v3;
}
