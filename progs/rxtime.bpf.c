// SPDX-License-Identifier: MIT
// Measures how long the packet path takes, as skblat does, with a session: one program that runs at entry and
// at exit. It keeps the start on the stack, so it does not search a map.
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
} rxtime_log2 SEC(".maps");

SEC("fsession/netif_receive_skb")
int BPF_PROG(receive_time, struct sk_buff *skb)
{
	__u64 *start = bpf_session_cookie(ctx), now = bpf_ktime_get_ns(), *count;
	__u32 slot = 0;

	if (!bpf_session_is_return(ctx)) {
		*start = now;
		return 0;
	}
	for (__u64 ns = now - *start; ns > 1 && slot < 63; ns >>= 1)
		slot++;
	count = bpf_map_lookup_elem(&rxtime_log2, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
