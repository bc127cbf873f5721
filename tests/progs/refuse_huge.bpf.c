// SPDX-License-Identifier: MIT
// Refused: a map that is larger than memory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << 30);
	__type(key, __u32);
	__type(value, __u64);
} huge SEC(".maps");
SEC("fentry/target")
int program(void *ctx)
{
	return !bpf_map_lookup_elem(&huge, &(__u32){ 0 });
}
