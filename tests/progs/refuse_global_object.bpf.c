// SPDX-License-Identifier: MIT
// Memory of the kernel is not for functions that may be passed any memory.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__attribute__((noinline)) int read(struct sk_buff *skb)
{
	return skb ? skb->len : 0;
}

SEC("tp_btf/kfree_skb")
int program(__u64 *ctx)
{
	return read((struct sk_buff *)ctx[0]);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
