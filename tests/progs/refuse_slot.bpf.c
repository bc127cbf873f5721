// SPDX-License-Identifier: MIT
// Refused: a program in a slot that its map does not have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int program(void *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, int(void *));
} table SEC(".maps") = { .values = { [2] = (void *)&program } };
SEC("fentry/target")
int program(void *ctx)
{
	bpf_tail_call(ctx, &table, 0);
	return 0;
}
