// SPDX-License-Identifier: MIT
// A program for chapter 12: it counts packets by their length, in steps of 64 bytes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

__u64 by_length[16];

SEC("fentry/kfree_skb")
int BPF_PROG(sizes, struct sk_buff *skb)
{
	__u32 step = skb->len / 64;

	if (step < 16)
		by_length[step]++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
