// SPDX-License-Identifier: MIT
// Refused: a function returns from anywhere; an offset has no meaning.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("kretprobe/target+4")
int program(void *ctx)
{
	return 0;
}
