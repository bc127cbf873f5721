// SPDX-License-Identifier: MIT
// Two programs that differ in one number. Only the verifier knows that one of them never stores.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 stored[4];

static __always_inline int store_above(__u64 *ctx, __u32 limit)
{
	__u32 n = ctx[0] & 7;

	asm volatile("" : "+r"(n));
	if (n > limit) {
		stored[0] = ctx[0];
		stored[1] = ctx[1];
		stored[2] = n;
	}
	return 0;
}

SEC("raw_tp/kfree_skb")
int some(__u64 *ctx)
{
	return store_above(ctx, 6);
}

SEC("raw_tp/kfree_skb")
int never(__u64 *ctx)
{
	return store_above(ctx, 7);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
