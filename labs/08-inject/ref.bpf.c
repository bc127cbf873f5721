// SPDX-License-Identifier: MIT
// What the check of lab 8 looks at: which arriving IPv4 packets are dropped, and which packets still exist.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum { EVERY = 8, ROUND = 56, BAD_UDP = 30, BAD_IP = 44 };

__u64 eighth_dropped, eighth_passed, others_dropped, arrived, lost;

enum { SENT, LOST, PACKETS };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PACKETS);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

/* Of 64 frames of a sender 56 are IPv4. Of these, numbers 30 and 44 have a wrong checksum
 * (kernel/net/traffic.c). */
SEC("fexit/ip_rcv")
int BPF_PROG(ref_arrival, struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
	     struct net_device *orig_dev, int ret)
{
	__u64 n = __sync_fetch_and_add(&arrived, 1) + 1, in_round = n % ROUND, *count;

	if (n % EVERY == 0)
		__sync_fetch_and_add(ret ? &eighth_dropped : &eighth_passed, 1);
	else if (ret && in_round != BAD_UDP && in_round != BAD_IP)
		__sync_fetch_and_add(&others_dropped, 1);
	count = bpf_map_lookup_elem(&dropped, &(__u32){ 0 });
	if (count && n % EVERY == 0 && ret)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("fentry/skb_set_owner_w")
int BPF_PROG(ref_made, struct sk_buff *skb, struct sock *sk)
{
	__u64 *sent_count = bpf_map_lookup_elem(&packets, &(__u32){ SENT });
	__u64 *lost_count = bpf_map_lookup_elem(&packets, &(__u32){ LOST });

	__sync_fetch_and_add(&lost, 1);
	if (sent_count)
		__sync_fetch_and_add(sent_count, 1);
	if (lost_count)
		__sync_fetch_and_add(lost_count, 1);
	return 0;
}

SEC("fentry/sock_wfree")
int BPF_PROG(ref_freed, struct sk_buff *skb)
{
	__u64 *lost_count = bpf_map_lookup_elem(&packets, &(__u32){ LOST });

	__sync_fetch_and_add(&lost, -1);
	if (lost_count)
		__sync_fetch_and_add(lost_count, -1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
