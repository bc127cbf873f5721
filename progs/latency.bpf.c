// SPDX-License-Identifier: MIT
// Measures how long a function takes, and counts its returns. The command names the function: attach latency
// kfree_skb. A task must not call the function while it is in it.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* as bpf_get_current_pid_tgid returns it */
	__type(value, __u64);
} entered SEC(".maps");

__u64 nanoseconds, returns;

SEC("fentry")
int latency_begins(void *ctx)
{
	__u64 pid = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	bpf_map_update_elem(&entered, &pid, &now, BPF_ANY);
	return 0;
}

SEC("fexit")
int latency_ends(void *ctx)
{
	__u64 pid = bpf_get_current_pid_tgid(), *since = bpf_map_lookup_elem(&entered, &pid);

	if (!since)
		return 0;
	__sync_fetch_and_add(&nanoseconds, bpf_ktime_get_ns() - *since);
	__sync_fetch_and_add(&returns, 1);
	bpf_map_delete_elem(&entered, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
