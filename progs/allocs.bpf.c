// SPDX-License-Identifier: MIT
// Counts packets that are allocated, by size, and allocations that fail for lack of memory. Kprobes see the
// CPU's registers, not arguments: PT_REGS_PARM1 is rdi, PT_REGS_RC is rax.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32); /* bytes */
	__type(value, __u64);
} alloc_sizes SEC(".maps");

__u64 alloc_failures;

SEC("kprobe/alloc_skb")
int alloc_begins(struct pt_regs *ctx)
{
	__u32 size = PT_REGS_PARM1(ctx);
	__u64 *count, zero = 0;

	bpf_map_update_elem(&alloc_sizes, &size, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&alloc_sizes, &size);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("kretprobe/alloc_skb")
int alloc_ends(struct pt_regs *ctx)
{
	if (!PT_REGS_RC(ctx))
		__sync_fetch_and_add(&alloc_failures, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
