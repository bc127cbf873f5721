// SPDX-License-Identifier: MIT
// Packets, as programs parse them: headers copied to the stack, and a cursor with a limit.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

struct flow {
	__be32 saddr, daddr;
	__be16 sport, dport;
	__u8 proto;
};

struct tally {
	__u64 packets, bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct flow);
	__type(value, struct tally);
} flows SEC(".maps");

__u64 options, protocols[256], types[8];
__u16 checksum;

SEC("fentry/netif_receive_skb")
int BPF_PROG(packet_flow, struct sk_buff *skb)
{
	struct flow flow;
	struct tally first = { .packets = 1 }, *t;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char *head = BPF_CORE_READ(skb, head);
	__u16 at = skb->network_header;

	if (bpf_probe_read_kernel(&ip, sizeof(ip), head + at) < 0)
		return 0;
	if (ip.version != 4 || ip.ihl < 5)
		return 0;
	__builtin_memset(&flow, 0, sizeof(flow));
	flow.saddr = ip.saddr;
	flow.daddr = ip.daddr;
	flow.proto = ip.protocol;
	protocols[ip.protocol]++;
	switch (ip.protocol) {
	case 17:
		if (bpf_probe_read_kernel(&udp, sizeof(udp), head + at + ip.ihl * 4))
			return 0;
		flow.sport = udp.source;
		flow.dport = udp.dest;
		break;
	case 1: flow.sport = 8; break;
	case 6: flow.sport = 80; break;
	default: return 0;
	}
	t = bpf_map_lookup_elem(&flows, &flow);
	if (t) {
		__sync_fetch_and_add(&t->packets, 1);
		__sync_fetch_and_add(&t->bytes, bpf_ntohs(ip.tot_len));
	} else {
		first.bytes = bpf_ntohs(ip.tot_len);
		bpf_map_update_elem(&flows, &flow, &first, BPF_NOEXIST);
	}
	return 0;
}

/* Options of type, length and value in a copy on the stack. */
SEC("fentry/netif_receive_skb")
int BPF_PROG(packet_options, struct sk_buff *skb)
{
	__u8 buf[64];
	__u8 at = 0;

	if (bpf_probe_read_kernel(buf, sizeof(buf), skb->data))
		return 0;
	for (int i = 0; i < 10; i++) {
		__u8 kind, len;

		at &= sizeof(buf) - 2;
		kind = buf[at];
		len = buf[at + 1];
		if (!kind)
			break;
		if (len < 2)
			break;
		options += kind;
		at += len;
	}
	return 0;
}

SEC("fentry/netif_receive_skb")
int BPF_PROG(packet_checksum, struct sk_buff *skb)
{
	__u16 words[10];
	__u32 sum = 0;

	if (bpf_probe_read_kernel(&words, sizeof(words), skb->data))
		return 0;
	for (__u16 i = 0; i < 10; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	checksum = ~sum;
	return 0;
}

SEC("fentry/netif_receive_skb")
int BPF_PROG(packet_bits, struct sk_buff *skb)
{
	types[skb->pkt_type]++;
	types[BPF_CORE_READ_BITFIELD_PROBED(skb, ip_summed)]++;
	if (skb->protocol == bpf_htons(0x800))
		types[7] += skb->dev->ifindex;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
