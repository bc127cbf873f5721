// SPDX-License-Identifier: MIT
// Accepted, and wrong: accesses to bad addresses, and a store to what belongs to the kernel. Linux refuses all
// of them but `asks`.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

long seen;

SEC("fentry/kfree_skb")
int BPF_PROG(wrong, struct sk_buff *skb)
{
	volatile long address = 16;

	*(volatile int *)address = 1;
	seen += *(volatile int *)(address + 4);
	return 0;
}

/* An error is an answer. */
SEC("fentry/kfree_skb")
int BPF_PROG(asks, struct sk_buff *skb)
{
	long value;

	if (bpf_probe_read_kernel(&value, sizeof(value), (void *)16))
		seen++;
	return 0;
}

SEC("fentry/kfree_skb")
int BPF_PROG(renames, struct sk_buff *skb)
{
	struct task_struct *task = bpf_get_current_task_btf();

	task->comm[0] = '!';
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
