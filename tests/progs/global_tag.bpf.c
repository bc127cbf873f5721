// SPDX-License-Identifier: MIT
// A tag that says nothing of memory: the function is walked anew at each call, so it can get an object of the kernel.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int read(struct sk_buff *skb __attribute__((btf_decl_tag("arg:nonsense"))))
{
	return skb ? skb->len : 0;
}

SEC("tp_btf/kfree_skb")
int program(__u64 *ctx)
{
	return read((struct sk_buff *)ctx[0]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
