// SPDX-License-Identifier: MIT
// Refused: a helper for programs under the GPL, and no licence.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/target")
int program(void *ctx)
{
	bpf_printk("x");
	return 0;
}
