// SPDX-License-Identifier: MIT
// Refused: a number is no map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/kfree_skb")
int program(void *ctx)
{
	void *volatile number = (void *)0x10;
	__u32 key = 1;
	return bpf_map_lookup_elem(number, &key) != 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
