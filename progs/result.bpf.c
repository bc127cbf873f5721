// SPDX-License-Identifier: MIT
// Counts what a function returns. A fexit program gets the result behind the arguments, so it is the last
// parameter.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, int); /* 0, or an error */
	__type(value, __u64);
} send_results SEC(".maps");

SEC("fexit/send_frame")
int BPF_PROG(count_result, struct sock *sk, unsigned int i, int result)
{
	__u64 *count, zero = 0;

	bpf_map_update_elem(&send_results, &result, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&send_results, &result);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
