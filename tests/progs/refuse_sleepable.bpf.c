// SPDX-License-Identifier: MIT
// Refused: a program that may sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fentry.s/target")
int program(void *ctx)
{
	return 0;
}
