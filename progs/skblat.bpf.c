// SPDX-License-Identifier: MIT
// Measures how long the packet path takes. Slot n of the histogram counts packets that take 2^n ns or more.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* the packet's address */
	__type(value, __u64);
} started SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} latency_log2 SEC(".maps");

SEC("fentry/netif_receive_skb")
int BPF_PROG(receive_begins, struct sk_buff *skb)
{
	bpf_map_update_elem(&started, &(__u64){ (__u64)skb }, &(__u64){ bpf_ktime_get_ns() }, BPF_ANY);
	return 0;
}

SEC("fexit/netif_receive_skb")
int BPF_PROG(receive_ends, struct sk_buff *skb)
{
	__u64 packet = (__u64)skb, *start = bpf_map_lookup_elem(&started, &packet), *count;
	__u32 slot = 0;

	for (__u64 ns = start ? bpf_ktime_get_ns() - *start : 0; ns > 1 && slot < 63; ns >>= 1)
		slot++;
	if (start && (count = bpf_map_lookup_elem(&latency_log2, &slot)))
		__sync_fetch_and_add(count, 1);
	bpf_map_delete_elem(&started, &packet);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
