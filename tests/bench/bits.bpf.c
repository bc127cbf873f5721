// SPDX-License-Identifier: MIT
// Counts, reverses and swaps bits without an instruction for it: masks and shifts of 64 bits.
#include "tests/bench/bench.h"

static inline u64 count(u64 v)
{
	v -= v >> 1 & 0x5555555555555555ull;
	v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
	v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
	return v * 0x0101010101010101ull >> 56;
}

static inline u64 reverse(u64 v)
{
	v = (v >> 1 & 0x5555555555555555ull) | (v & 0x5555555555555555ull) << 1;
	v = (v >> 2 & 0x3333333333333333ull) | (v & 0x3333333333333333ull) << 2;
	v = (v >> 4 & 0x0f0f0f0f0f0f0f0full) | (v & 0x0f0f0f0f0f0f0f0full) << 4;
	return __builtin_bswap64(v);
}

BENCH(bits)
{
	const u64 *words = (const u64 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 8; i++)
		sum = (sum ^ reverse(words[i])) + count(words[i]);
	return sum;
}
