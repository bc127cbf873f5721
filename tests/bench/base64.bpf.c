// SPDX-License-Identifier: MIT
// Encodes three quarters of 1 KiB over the second half of the memory; sums what it wrote.
#include "tests/bench/bench.h"

static inline u8 letter(u32 six)
{
	six &= 63;
	if (six < 26)
		return (u8)('A' + six);
	if (six < 52)
		return (u8)('a' + six - 26);
	if (six < 62)
		return (u8)('0' + six - 52);
	return six == 62 ? '+' : '/';
}

BENCH(base64)
{
	u8 *out = mem + len / 2;
	u64 sum = 0;
	for (u64 i = 0; i < len / 16; i++) {
		u32 v = (u32)mem[i * 3] << 16 | (u32)mem[i * 3 + 1] << 8 | mem[i * 3 + 2];
		out[i * 4] = letter(v >> 18);
		out[i * 4 + 1] = letter(v >> 12);
		out[i * 4 + 2] = letter(v >> 6);
		out[i * 4 + 3] = letter(v);
		sum += out[i * 4] + out[i * 4 + 3];
	}
	return sum;
}
