// SPDX-License-Identifier: MIT
// Refused: an offset that is no number.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kprobe/target+0x")
int program(void *ctx)
{
	return 0;
}
