// SPDX-License-Identifier: MIT
// Programs for the check of lab 12, on a function of five arguments. Each keeps what it found.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} found SEC(".maps");

static __always_inline void keep(__u32 at, __u64 value)
{
	__u64 *place = bpf_map_lookup_elem(&found, &at);
	if (place)
		*place = value;
}

SEC("fexit/csum_tcpudp_magic")
int BPF_PROG(by_name, __be32 saddr, __be32 daddr, __u32 len, __u8 proto, __wsum sum, __sum16 ret)
{
	keep(0, proto);
	return 0;
}

SEC("fexit/csum_tcpudp_magic")
int by_number(void *ctx)
{
	__u64 value = 0;

	bpf_get_func_arg(ctx, 3, &value);
	keep(1, value);
	return 0;
}

/* Reads no argument. */
SEC("fexit/csum_tcpudp_magic")
int by_none(void *ctx)
{
	keep(2, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
