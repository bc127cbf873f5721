/* SPDX-License-Identifier: MIT */
/* What is on the wire: Ethernet, IPv4 and UDP headers with Linux's names; 16 and 32 bits big endian. */
#pragma once
#include "kernel/lib/types.h"
#include "kernel/trace/uapi.h"

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __sum16;
typedef __u32 __wsum;

enum { ETH_ALEN = 6, ETH_HLEN = 14 };
enum { ETH_P_IP = 0x0800, ETH_P_ARP = 0x0806, ETH_P_IPV6 = 0x86dd };

struct ethhdr {
	unsigned char h_dest[ETH_ALEN], h_source[ETH_ALEN];
	__be16 h_proto;
} packed;

struct iphdr {
	__u8 ihl : 4, version : 4;
	__u8 tos;
	__be16 tot_len, id, frag_off;
	__u8 ttl, protocol;
	__sum16 check;
	__be32 saddr, daddr;
};

struct udphdr {
	__be16 source, dest, len;
	__sum16 check;
};

_Static_assert(sizeof(struct ethhdr) == ETH_HLEN, "IEEE 802.3");
_Static_assert(sizeof(struct iphdr) == 20, "RFC 791");
_Static_assert(sizeof(struct udphdr) == 8, "RFC 768");

static inline notrace __be16 htons(u16 v)
{
	return __builtin_bswap16(v);
}
static inline notrace u16 ntohs(__be16 v)
{
	return __builtin_bswap16(v);
}
static inline notrace __be32 htonl(u32 v)
{
	return __builtin_bswap32(v);
}
