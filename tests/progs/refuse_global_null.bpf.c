// SPDX-License-Identifier: MIT
// A function that is not static must expect NULL, whatever its callers pass.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int sum(int *numbers)
{
	return *numbers + 1;
}

SEC("raw_tp/kfree_skb")
int program(__u64 *ctx)
{
	int number = ctx[0];

	return sum(&number);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
