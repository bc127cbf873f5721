// SPDX-License-Identifier: MIT
// Refused: a spin lock in a value that each CPU has its own of.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct value {
	struct bpf_spin_lock lock;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct value);
} locked SEC(".maps");
SEC("fentry/target")
int program(void *ctx)
{
	__u32 key = 0;
	return !bpf_map_lookup_elem(&locked, &key) && 0;
}
