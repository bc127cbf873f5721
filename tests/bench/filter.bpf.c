// SPDX-License-Identifier: MIT
// A packet filter: 1 for TCP to port 80 or 443 and UDP to port 53, over Ethernet and IPv4.
#include "tests/bench/bench.h"

enum { ETHER_LEN = 14, IP_LEN = 20, PORTS_LEN = 4, TCP = 6, UDP = 17 };

static inline u32 be16(const u8 *at)
{
	return (u32)at[0] << 8 | at[1];
}

BENCH(filter)
{
	if (len < ETHER_LEN + IP_LEN + PORTS_LEN || be16(mem + 12) != 0x0800)
		return 0;
	const u8 *ip = mem + ETHER_LEN;
	u64 header = (ip[0] & 15) * 4u;
	if (ip[0] >> 4 != 4 || header < IP_LEN || be16(ip + 6) & 0x1fff)
		return 0;
	if (ETHER_LEN + header + PORTS_LEN > len)
		return 0;
	u32 port = be16(ip + header + 2);
	if (ip[9] == TCP)
		return port == 80 || port == 443;
	return ip[9] == UDP && port == 53;
}
