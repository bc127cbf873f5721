// SPDX-License-Identifier: MIT
// A function that is not static, called so often that it could not be walked at each call.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int rounds(int count)
{
	int sum = 0;

	for (int i = 0; i < 200; i++) {
		asm volatile("" : "+r"(sum));
		sum += count;
	}
	return sum;
}

SEC("raw_tp/kfree_skb")
int often(__u64 *ctx)
{
	int sum = 0;

	for (int i = 0; i < 2000; i++)
		sum += rounds(i);
	return sum;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
