// SPDX-License-Identifier: MIT
// Histograms: logarithms by loop, by halves and by builtin, in arrays, per CPU, and in variables.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define SLOTS 32

struct hist {
	__u32 slots[SLOTS];
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct hist);
} by_task SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} by_cpu SEC(".maps");

static struct hist none;
struct hist all[2];
__u64 linear[40];
const volatile __u32 step = 16, first_slot = 2;

static __always_inline __u64 log2_halves(__u32 v)
{
	__u32 shift, r;

	r = (v > 0xffff) << 4;
	v >>= r;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= v >> 1;
	return r;
}

static __always_inline __u64 log2_long(__u64 v)
{
	__u32 high = v >> 32;

	return high ? log2_halves(high) + 32 : log2_halves(v);
}

SEC("fentry/kfree_skb")
int BPF_PROG(hist_by_task, struct sk_buff *skb)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct hist *h = bpf_map_lookup_elem(&by_task, &pid);
	__u64 slot;

	if (!h) {
		bpf_map_update_elem(&by_task, &pid, &none, BPF_ANY);
		h = bpf_map_lookup_elem(&by_task, &pid);
		if (!h)
			return 0;
		bpf_get_current_comm(h->comm, sizeof(h->comm));
	}
	slot = log2_long(bpf_ktime_get_ns() - skb->tstamp);
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	__sync_fetch_and_add(&h->slots[slot], 1);
	return 0;
}

SEC("fentry/kfree_skb")
int BPF_PROG(hist_by_loop, struct sk_buff *skb)
{
	__u64 n = skb->len;
	__u32 slot = 0;
	__u64 *count;

	while (n > 1 && slot < SLOTS - 1) {
		n >>= 1;
		slot++;
	}
	count = bpf_map_lookup_elem(&by_cpu, &slot);
	if (count)
		*count += 1;
	return 0;
}

SEC("fentry/kfree_skb")
int BPF_PROG(hist_in_variable, struct sk_buff *skb)
{
	__u32 len = skb->len, at = 0;

#pragma unroll
	for (int i = 0; i < 32; i++)
		if (len >> i)
			at = i;
	all[bpf_get_smp_processor_id() & 1].slots[at & (SLOTS - 1)]++;
	return 0;
}

SEC("fexit/alloc_skb")
int BPF_PROG(hist_linear, unsigned int size, struct sk_buff *ret)
{
	__u64 slot = size / (step ?: 1);

	if (!ret || slot < first_slot)
		return 0;
	slot -= first_slot;
	if (slot > 39)
		slot = 39;
	linear[slot]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
