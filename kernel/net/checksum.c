// SPDX-License-Identifier: MIT
// Ones' complement sums: add up 16-bit words, and every carry once more at the bottom.
#include "kernel/net/checksum.h"
#include "kernel/lib/inject.h"
#include "kernel/lib/mem.h"

static u32 fold_carries(u64 sum)
{
	while (sum >> 32)
		sum = (u32)sum + (sum >> 32);
	return (u32)sum;
}

/* 32 bits at a time: a carry out of the lower half lands where it would have been added anyway. */
traceable __wsum csum_partial(const void *buff, int len, __wsum sum)
{
	const u8 *p = buff;
	u64 total = sum;
	for (; len >= 4; len -= 4, p += 4) {
		u32 word;
		memcpy(&word, p, sizeof(word));
		total += word;
	}
	u32 rest = 0;
	memcpy(&rest, p, len); /* an odd byte is padded with a zero behind it */
	return fold_carries(total + rest);
}

traceable __sum16 csum_fold(__wsum sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

traceable __sum16 ip_fast_csum(const void *iph, unsigned int ihl)
{
	return csum_fold(csum_partial(iph, ihl * 4, 0));
}
ALLOW_ERROR_INJECTION(ip_fast_csum, TRUE);

traceable __sum16 csum_tcpudp_magic(__be32 saddr, __be32 daddr, __u32 len, __u8 proto, __wsum sum)
{
	u64 total = (u64)sum + saddr + daddr + htonl(proto) + htonl(len);
	return csum_fold(fold_carries(total));
}
ALLOW_ERROR_INJECTION(csum_tcpudp_magic, TRUE);
