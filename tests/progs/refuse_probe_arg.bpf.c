// SPDX-License-Identifier: MIT
// Refused: a kprobe sees registers, not arguments.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/target")
int program(void *ctx)
{
	__u64 value = 0;
	return (int)bpf_get_func_arg(ctx, 0, &value);
}
