// SPDX-License-Identifier: MIT
// Refused: a store to a number.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/kfree_skb")
int BPF_PROG(stores, struct sk_buff *skb)
{
	volatile long address = 16;

	*(volatile int *)address = 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
