// SPDX-License-Identifier: MIT
#include "kernel/net/checksum.h"
#include "tests/test.h"

/* The definition, 16 bits at a time, in big endian. */
static u16 slow_sum(const u8 *p, u32 len)
{
	u32 sum = 0;
	for (u32 i = 0; i < len; i++)
		sum += i % 2 ? p[i] : p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

TEST(checksum_of_a_known_ip_header)
{
	static const u8 header[20] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
				       0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };
	check_eq(0, ip_fast_csum(header, 5));
	u8 broken[20];
	for (u32 i = 0; i < 20; i++)
		broken[i] = header[i];
	broken[10] = broken[11] = 0;
	check_eq(0xb861, ntohs(ip_fast_csum(broken, 5)));
	broken[8]--;
	check(ip_fast_csum(broken, 5) != 0xb861);
}

TEST(checksum_of_every_length_is_the_definition_s)
{
	u8 bytes[70];
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0xff - i * 37;
	for (u32 len = 0; len <= sizeof(bytes); len++)
		check_eq((u16)~slow_sum(bytes, len), ntohs(csum_fold(csum_partial(bytes, len, 0))));
}

TEST(checksum_keeps_all_carries)
{
	u8 ones[64];
	for (u32 i = 0; i < sizeof(ones); i++)
		ones[i] = 0xff;
	check_eq(0, csum_fold(csum_partial(ones, sizeof(ones), 0xffffffff)));
	check_eq(0xffff, csum_fold(csum_partial(ones, 0, 0)));
}

TEST(checksum_of_udp_covers_addresses_and_length)
{
	static const u8 data[6] = { 1, 2, 3, 4, 5, 6 };
	__wsum sum = csum_partial(data, 6, 0);
	__sum16 right = csum_tcpudp_magic(htonl(0x7f000001), htonl(0x7f000001), 6, IPPROTO_UDP, sum);
	u8 pseudo[18] = { 127, 0, 0, 1, 127, 0, 0, 1, 0, 17, 0, 6, 1, 2, 3, 4, 5, 6 };
	check_eq((u16)~slow_sum(pseudo, 18), ntohs(right));
}
