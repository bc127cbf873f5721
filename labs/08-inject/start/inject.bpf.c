// SPDX-License-Identifier: MIT
// Lab 8: drops every eighth IPv4 packet that arrives, counted from the attachment, and no other. The packet's
// memory comes back.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Your answers to the two questions of the task. */
const volatile __u64 sent = 0, lost = 0;

/* How many packets were dropped by this program. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} injected SEC(".maps");

/* You may choose another function. What the program returns, if it is not 0, is returned in its place. */
SEC("fmod_ret/ip_rcv")
int BPF_PROG(inject, struct sk_buff *skb, struct net_device *dev, struct packet_type *pt,
	     struct net_device *orig_dev)
{
	return 0; /* lab 8: not written yet */
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
