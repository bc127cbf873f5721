// SPDX-License-Identifier: MIT
// Counts how often each task gets a CPU: a program on a tracepoint of the scheduler.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, int); /* pid; the idle tasks share 0 */
	__type(value, __u64);
} switches_to SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(count_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	int pid = next->pid;
	__u64 *count, zero = 0;

	bpf_map_update_elem(&switches_to, &pid, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&switches_to, &pid);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
