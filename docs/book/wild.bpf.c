// SPDX-License-Identifier: MIT
// A program for chapter 18: it reads an address that is nowhere. Linux and fivebyte refuse to load it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int seen = 1;

SEC("fentry/kfree_skb")
int BPF_PROG(read_wild, struct sk_buff *skb)
{
	seen = *(volatile int *)0xdead00000000;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
