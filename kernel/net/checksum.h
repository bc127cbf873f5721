/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071), with Linux's names. Sums stay in the packet's byte order, so they are
 * right on any machine. Pure. */
#pragma once
#include "kernel/net/types.h"

/* Adds len bytes to a sum. */
__wsum csum_partial(const void *buff, int len, __wsum sum);

/* Returns the 16 bits of a sum that a header holds. 0: the sum is of a packet with a right checksum. */
__sum16 csum_fold(__wsum sum);

/* The checksum of an IPv4 header of ihl 32-bit words; 0 if the checksum in the header is right. */
__sum16 ip_fast_csum(const void *iph, unsigned int ihl);

/* The checksum of UDP: csum_fold of sum and of addresses, protocol and length (RFC 768). */
__sum16 csum_tcpudp_magic(__be32 saddr, __be32 daddr, __u32 len, __u8 proto, __wsum sum);
