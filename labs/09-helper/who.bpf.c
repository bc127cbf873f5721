// SPDX-License-Identifier: MIT
// Counts the wake-ups that tasks with a name that begins with udp_ make.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} wakeups SEC(".maps");

/* Slot 0: by these tasks; slot 1: by others. */
SEC("fentry/sock_wait_for_wmem")
int BPF_PROG(who_waits, struct sock *sk, int bytes)
{
	char comm[16];
	__u32 slot;
	__u64 *count;

	bpf_get_current_comm(comm, sizeof(comm));
	slot = bpf_strncmp(comm, 4, "udp_") != 0;
	count = bpf_map_lookup_elem(&wakeups, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
