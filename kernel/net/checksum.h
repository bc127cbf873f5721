/* SPDX-License-Identifier: MIT */
/* The Internet checksum (RFC 1071), with Linux's names. Sums stay in the byte order of the packet; so they
 * are right on any machine. Pure. */
#pragma once
#include "kernel/net/types.h"

/* Adds len bytes to a sum. */
__wsum csum_partial(const void *buff, int len, __wsum sum);

/* A sum as the 16 bits that a header holds. 0 over a packet with a right checksum in it. */
__sum16 csum_fold(__wsum sum);

/* Of an IPv4 header of ihl 32-bit words; 0 if the one in it is right. */
__sum16 ip_fast_csum(const void *iph, unsigned int ihl);

/* The sum, with what UDP adds to its own bytes: addresses, protocol and length (RFC 768). */
__sum16 csum_tcpudp_magic(__be32 saddr, __be32 daddr, __u32 len, __u8 proto, __wsum sum);
