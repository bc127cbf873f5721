// SPDX-License-Identifier: MIT
// Refused: a store to what is found in a map that programs cannot change.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__type(key, int);
	__type(value, int);
} fixed SEC(".maps");
SEC("raw_tp/target")
int program(void *ctx)
{
	int key = 1, *value = bpf_map_lookup_elem(&fixed, &key);
	if (value)
		*value = 7;
	return 0;
}
