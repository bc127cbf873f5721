// SPDX-License-Identifier: MIT
// All of the memory must be written that a function may read.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct pair {
	int first, second;
};

__attribute__((noinline)) int sum(struct pair *p)
{
	return p ? p->first + p->second : 0;
}

SEC("raw_tp/kfree_skb")
int program(__u64 *ctx)
{
	struct pair p;

	p.first = ctx[0];
	asm volatile("" ::: "memory");
	return sum(&p);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
