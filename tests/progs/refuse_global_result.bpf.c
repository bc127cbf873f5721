// SPDX-License-Identifier: MIT
// What a function returns that is not static is any number to its callers.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char bytes[16];

__attribute__((noinline)) int three(int at)
{
	asm volatile("" : "+r"(at));
	return at & 3;
}

SEC("raw_tp/kfree_skb")
int program(__u64 *ctx)
{
	int at = three(ctx[0]);

	bytes[at] = 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
