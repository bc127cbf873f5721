// SPDX-License-Identifier: MIT
// Functions that are not static, and one that is hidden; what their parameters may be.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct pair {
	int first, second;
};

__attribute__((noinline)) int pair_sum(struct pair *p, __u64 *more)
{
	if (!p)
		return 0;
	p->second++;
	return p->first + p->second + (more ? *more : 0);
}

__attribute__((noinline)) __u64 first_of(void *ctx __attribute__((btf_decl_tag("arg:ctx"))))
{
	return *(__u64 *)ctx;
}

__attribute__((noinline, visibility("hidden"))) int third(int *number)
{
	return *number;
}

SEC("raw_tp/kfree_skb")
int passes(__u64 *ctx)
{
	struct pair p = { first_of(ctx), 2 };
	__u64 more = 3;

	return pair_sum(&p, &more) + pair_sum(0, 0) + pair_sum(&p, 0) + third(&p.second);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
