// SPDX-License-Identifier: MIT
// Refused: a format that bpf_printk does not know.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("raw_tp/target")
int program(void *ctx)
{
	bpf_printk("half %f", 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
