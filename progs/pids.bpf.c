// SPDX-License-Identifier: MIT
// Counts for each task and thread how often it calls a function. The command names the function:
// attach count_pid kfree_skb.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* as bpf_get_current_pid_tgid returns it */
	__type(value, __u64);
} calls SEC(".maps");

SEC("fentry")
int count_pid(void *ctx)
{
	__u64 pid = bpf_get_current_pid_tgid(), one = 1;
	__u64 *count = bpf_map_lookup_elem(&calls, &pid);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&calls, &pid, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
