// SPDX-License-Identifier: MIT
// Values that several CPUs change as a whole, under a spin lock in each of them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct pair {
	__u64 count;
	struct bpf_spin_lock lock;
	__u64 same; /* as count, whenever the lock is free */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pair);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pair);
} array SEC(".maps");

struct bpf_spin_lock lock SEC(".data.locked");
__u64 locked_count SEC(".data.locked");

__u64 torn; /* how often count and same were different */

static void count(struct pair *p)
{
	bpf_spin_lock(&p->lock);
	int differs = p->count != p->same;
	p->count++;
	p->same++;
	bpf_spin_unlock(&p->lock);
	if (differs)
		__sync_fetch_and_add(&torn, 1);
}

SEC("fentry/send_frame")
int BPF_PROG(lock_count, struct sock *sk)
{
	__u32 key = 2;
	struct pair first = { 0 }, *found = bpf_map_lookup_elem(&hash, &key);
	if (!found) {
		bpf_map_update_elem(&hash, &key, &first, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&hash, &key);
	}
	if (found)
		count(found);
	found = bpf_map_lookup_elem(&array, &key);
	if (found)
		count(found);
	bpf_spin_lock(&lock);
	locked_count++;
	bpf_spin_unlock(&lock);
	return 0;
}

char LICENSE[] SEC("license") = "MIT";
