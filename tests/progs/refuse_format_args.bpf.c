// SPDX-License-Identifier: MIT
// Refused: a format that needs more arguments than there are.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("raw_tp/target")
int program(void *ctx)
{
	bpf_printk("%d %d %d %d %d", 1, 2, 3, 4);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
