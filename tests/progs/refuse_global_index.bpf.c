// SPDX-License-Identifier: MIT
// A function that is not static must expect any number, whatever its callers pass.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int numbers[4];

__attribute__((noinline)) int store(int at, int value)
{
	if (at < 5)
		numbers[at & 7] = value;
	return at;
}

SEC("raw_tp/kfree_skb")
int program(__u64 *ctx)
{
	return store(3, ctx[0]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
