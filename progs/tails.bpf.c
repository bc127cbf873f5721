// SPDX-License-Identifier: MIT
// Tail calls: a program ends and goes on in another one, which gets the same context and never returns to the
// first. This one goes on in itself until the kernel refuses, after 33 times. Attach it to any function:
// attach tail_first kfree_skb
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

int tail_again(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__array(values, int(void *));
} tail_next SEC(".maps") = {
	.values = { [0] = (void *)&tail_again },
};

struct {
	__u64 started, went_on, ended;
} tail_counts;

SEC("fentry")
int tail_first(void *ctx)
{
	__sync_fetch_and_add(&tail_counts.started, 1);
	bpf_tail_call(ctx, &tail_next, 0);
	return 0;
}

SEC("fentry")
int tail_again(void *ctx)
{
	__u64 slot;

	/* This calls the kernel, which may be traced itself. The kernel keeps the count of tail calls. */
	bpf_probe_read_kernel(&slot, sizeof(slot), ctx);
	__sync_fetch_and_add(&tail_counts.went_on, 1);
	bpf_tail_call(ctx, &tail_next, 0);
	__sync_fetch_and_add(&tail_counts.ended, 1); /* the call did not happen */
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
