// SPDX-License-Identifier: MIT
// Refused: a map that wants to be pinned.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} pinned SEC(".maps");
SEC("fentry/target")
int program(void *ctx)
{
	return !bpf_map_lookup_elem(&pinned, &(__u32){ 0 });
}
