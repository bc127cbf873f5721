// SPDX-License-Identifier: MIT
// Refused: programs as values of another size than 4 bytes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int program(void *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
	__array(values, int(void *));
} table SEC(".maps") = { .values = { [1] = (void *)&program } };
SEC("fentry/target")
int program(void *ctx)
{
	return 0;
}
