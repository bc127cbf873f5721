// SPDX-License-Identifier: MIT
// Refused: a map of a type that we do not have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
} ring SEC(".maps");
SEC("fentry/target")
int program(void *ctx)
{
	return 0;
}
