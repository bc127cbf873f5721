// SPDX-License-Identifier: MIT
// What the check compares with: the same histogram of msleep, by a session, which needs no key.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

extern bool bpf_session_is_return(void *ctx) __ksym;
extern __u64 *bpf_session_cookie(void *ctx) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} ref_log2 SEC(".maps");

SEC("fsession/msleep")
int BPF_PROG(ref_msleep, unsigned int ms)
{
	__u64 *start = bpf_session_cookie(ctx), now = bpf_ktime_get_ns(), *count;
	__u32 slot = 0;

	if (!bpf_session_is_return(ctx)) {
		*start = now;
		return 0;
	}
	for (__u64 ns = now - *start; ns > 1 && slot < 63; ns >>= 1)
		slot++;
	count = bpf_map_lookup_elem(&ref_log2, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
