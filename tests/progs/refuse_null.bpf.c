// SPDX-License-Identifier: MIT
// Refused: on one path the result of a look-up is not tested.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("fentry/kfree_skb")
int BPF_PROG(program, struct sk_buff *skb)
{
	__u32 key = skb->len;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	if (key > 60 && !count)
		return 0;
	*count += 1;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
