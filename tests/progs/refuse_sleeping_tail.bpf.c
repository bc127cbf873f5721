// SPDX-License-Identifier: MIT
// Refused: a tail call in a program that may sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} table SEC(".maps");
SEC("fentry.s/target")
int program(void *ctx)
{
	bpf_tail_call(ctx, &table, 0);
	return 0;
}
