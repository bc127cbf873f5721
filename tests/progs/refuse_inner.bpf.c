// SPDX-License-Identifier: MIT
// Refused for its type, whatever other fields come before or behind it: a map of maps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} inner SEC(".maps");
struct {
	__uint(map_extra, 1);
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner } };
SEC("fentry/target")
int program(void *ctx)
{
	return 0;
}
