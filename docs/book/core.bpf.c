// SPDX-License-Identifier: MIT
// A program for chapter 17. Its struct sk_buff is not the kernel's: protocol lies elsewhere, and colour exists
// only here.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sk_buff___other {
	char more[100];
	unsigned short protocol;
	int colour;
} __attribute__((preserve_access_index));

int seen, colour;

SEC("fentry/kfree_skb")
int BPF_PROG(read_other, struct sk_buff___other *skb)
{
	seen = skb->protocol;
#ifndef RASH
	if (bpf_core_field_exists(skb->colour))
#endif
		colour = skb->colour;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
