// SPDX-License-Identifier: MIT
// replaces: counter.bpf.c
// fails: attached
// Counts the frames that are dropped, at another function.
// Lab 3: counts the frames that are sent, their bytes, and those that are not IPv4.
//
// The map: `frames`, an array of three u64. Entry 0: calls, 1: bytes, 2: frames of another protocol.
// The program: `count_frame`, at the entry of dev_queue_xmit.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} frames SEC(".maps");

static void add(__u32 entry, __u64 what)
{
	__u64 *sum = bpf_map_lookup_elem(&frames, &entry);

	if (sum)
		__sync_fetch_and_add(sum, what); /* other CPUs add, too */
}

SEC("fentry/kfree_skb")
int BPF_PROG(count_frame, struct sk_buff *skb)
{
	add(0, 1);
	add(1, skb->len);
	if (skb->protocol != bpf_htons(0x0800))
		add(2, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
