// SPDX-License-Identifier: MIT
// ChaCha20 blocks: sixteen words of state in ten registers, so most of it is stack.
#include "tests/bench/bench.h"

#define QUARTER(a, b, c, d)                       \
	do {                                      \
		a += b, d ^= a, d = rol32(d, 16); \
		c += d, b ^= c, b = rol32(b, 12); \
		a += b, d ^= a, d = rol32(d, 8);  \
		c += d, b ^= c, b = rol32(b, 7);  \
	} while (0)

BENCH(chacha)
{
	const u32 *words = (const u32 *)mem;
	u64 sum = 0;
	for (u64 block = 0; block < len / 512; block++) {
		const u32 *key = words + block * 12;
		u32 a0 = 0x61707865, a1 = 0x3320646e, a2 = 0x79622d32, a3 = 0x6b206574;
		u32 b0 = key[0], b1 = key[1], b2 = key[2], b3 = key[3];
		u32 c0 = key[4], c1 = key[5], c2 = key[6], c3 = key[7];
		u32 d0 = (u32)block, d1 = key[8], d2 = key[9], d3 = key[10];
		for (u32 i = 0; i < 10; i++) {
			QUARTER(a0, b0, c0, d0);
			QUARTER(a1, b1, c1, d1);
			QUARTER(a2, b2, c2, d2);
			QUARTER(a3, b3, c3, d3);
			QUARTER(a0, b1, c2, d3);
			QUARTER(a1, b2, c3, d0);
			QUARTER(a2, b3, c0, d1);
			QUARTER(a3, b0, c1, d2);
		}
		sum += a0 ^ a1 ^ a2 ^ a3 ^ b0 ^ b1 ^ b2 ^ b3;
		sum += (u64)(c0 ^ c1 ^ c2 ^ c3 ^ d0 ^ d1 ^ d2 ^ d3) << 32;
	}
	return sum;
}
