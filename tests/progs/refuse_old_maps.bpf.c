// SPDX-License-Identifier: MIT
// Refused: a map in the form that libbpf had before BTF.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	unsigned int type, key_size, value_size, max_entries, map_flags;
} counts SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };
SEC("fentry/target")
int program(void *ctx)
{
	int key = 0;
	return !bpf_map_lookup_elem(&counts, &key);
}
