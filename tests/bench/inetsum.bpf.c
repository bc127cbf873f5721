// SPDX-License-Identifier: MIT
// The Internet checksum (RFC 1071), 16 bits at a time.
#include "tests/bench/bench.h"

BENCH(inetsum)
{
	const u16 *halves = (const u16 *)mem;
	u64 sum = 0;
	for (u64 i = 0; i < len / 2; i++)
		sum += halves[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}
