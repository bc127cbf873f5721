// SPDX-License-Identifier: MIT
// Refused: a program that writes into a task. The name could as well be the stack pointer.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/kfree_skb")
int BPF_PROG(renames, struct sk_buff *skb)
{
	struct task_struct *task = bpf_get_current_task_btf();

	task->comm[0] = '!';
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
