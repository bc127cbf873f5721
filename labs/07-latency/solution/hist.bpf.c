// SPDX-License-Identifier: MIT
// How long calls of msleep take. Slot n of hist counts the calls that take 2^n ns or more, and less than
// 2^(n+1) ns. A task that sleeps lets others run, which may call msleep too: so the key is the task.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64); /* as bpf_get_current_pid_tgid returns it */
	__type(value, __u64);
} since SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} hist SEC(".maps");

SEC("fentry/msleep")
int BPF_PROG(sleep_begins, unsigned int ms)
{
	__u64 task = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns();

	bpf_map_update_elem(&since, &task, &now, BPF_ANY);
	return 0;
}

SEC("fexit/msleep")
int BPF_PROG(sleep_ends, unsigned int ms)
{
	__u64 task = bpf_get_current_pid_tgid(), *start = bpf_map_lookup_elem(&since, &task), *count;
	__u32 slot = 0;

	if (!start)
		return 0;
	for (__u64 ns = bpf_ktime_get_ns() - *start; ns > 1 && slot < 63; ns >>= 1)
		slot++;
	bpf_map_delete_elem(&since, &task);
	count = bpf_map_lookup_elem(&hist, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
