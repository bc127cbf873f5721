// SPDX-License-Identifier: MIT
// Counts packets that are freed: how many on each CPU, and how many of each protocol.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} freed_per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u16); /* as in <linux/if_ether.h>: 2048 is IPv4 */
	__type(value, __u64);
} freed_per_proto SEC(".maps");

SEC("fentry/kfree_skb")
int BPF_PROG(count_skb, struct sk_buff *skb)
{
	__u16 protocol = bpf_ntohs(skb->protocol);
	__u64 *count, zero = 0;

	count = bpf_map_lookup_elem(&freed_per_cpu, &(__u32){ 0 });
	if (count)
		(*count)++; /* no other CPU writes this value */

	bpf_map_update_elem(&freed_per_proto, &protocol, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&freed_per_proto, &protocol);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
