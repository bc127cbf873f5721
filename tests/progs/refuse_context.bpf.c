// SPDX-License-Identifier: MIT
// A tail call to a program whose context has other types: it would take a task for a packet.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int second(unsigned long long *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__array(values, int(unsigned long long *));
} table SEC(".maps") = { .values = { [0] = (void *)&second } };

SEC("fentry/wake_up_process")
int first(unsigned long long *ctx)
{
	bpf_tail_call(ctx, &table, 0);
	return 0;
}

SEC("fentry/kfree_skb")
int second(unsigned long long *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
