// SPDX-License-Identifier: MIT
// Accepted, and wrong: loads through pointers of the kernel that lead nowhere, and a count that CPUs change at the same
// time.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

long seen;

/* A task that runs waits for no grace period, so this list is empty: next is NULL. */
SEC("fentry/kfree_skb")
int BPF_PROG(wrong, struct sk_buff *skb)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct list_head *next = task->rcu.list.next;

	seen += next->prev != 0;
	seen += next->next->prev != 0;
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

/* Two CPUs can read the same number, and write the same next one. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counted SEC(".maps");

SEC("fentry/kfree_skb")
int BPF_PROG(loses, struct sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counted, &key), next = value ? *value + 1 : 1;

	bpf_map_update_elem(&counted, &key, &next, BPF_ANY);
	__sync_fetch_and_add(&seen, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
