// SPDX-License-Identifier: MIT
// Refused: programs as values of a map that is no array of programs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int program(void *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(void *));
} table SEC(".maps") = { .values = { [1] = (void *)&program } };
SEC("fentry/target")
int program(void *ctx)
{
	return 0;
}
