// SPDX-License-Identifier: MIT
// A program for chapter 12 that does nothing: what is left is the price of loading it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/kfree_skb")
int BPF_PROG(empty, struct sk_buff *skb)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
