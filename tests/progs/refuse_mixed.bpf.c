// SPDX-License-Identifier: MIT
// Refused: a tail call from fexit to fentry, whose contexts differ.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int first(void *ctx);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, int(void *));
} table SEC(".maps") = { .values = { [0] = (void *)&first } };
SEC("fentry/target")
int first(void *ctx)
{
	return 0;
}
SEC("fexit/target")
int second(void *ctx)
{
	bpf_tail_call(ctx, &table, 0);
	return 0;
}
