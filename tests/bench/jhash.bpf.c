// SPDX-License-Identifier: MIT
// Jenkins' lookup3 over 32-bit words.
#include "tests/bench/bench.h"

#define MIX(a, b, c)                               \
	do {                                       \
		a -= c, a ^= rol32(c, 4), c += b;  \
		b -= a, b ^= rol32(a, 6), a += c;  \
		c -= b, c ^= rol32(b, 8), b += a;  \
		a -= c, a ^= rol32(c, 16), c += b; \
		b -= a, b ^= rol32(a, 19), a += c; \
		c -= b, c ^= rol32(b, 4), b += a;  \
	} while (0)

#define FINAL(a, b, c)                     \
	do {                               \
		c ^= b, c -= rol32(b, 14); \
		a ^= c, a -= rol32(c, 11); \
		b ^= a, b -= rol32(a, 25); \
		c ^= b, c -= rol32(b, 16); \
		a ^= c, a -= rol32(c, 4);  \
		b ^= a, b -= rol32(a, 14); \
		c ^= b, c -= rol32(b, 24); \
	} while (0)

BENCH(jhash)
{
	const u32 *k = (const u32 *)mem;
	u32 left = (u32)(len / 4);
	u32 a = 0xdeadbeef + (left << 2), b = a, c = a;
	for (; left > 3; left -= 3, k += 3) {
		a += k[0];
		b += k[1];
		c += k[2];
		MIX(a, b, c);
	}
	if (left > 2)
		c += k[2];
	if (left > 1)
		b += k[1];
	if (left > 0)
		a += k[0];
	FINAL(a, b, c);
	return (u64)b << 32 | c;
}
