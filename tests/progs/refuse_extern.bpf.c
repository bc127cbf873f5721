// SPDX-License-Identifier: MIT
// Refused: a variable of the kernel; a weak one is 0.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern const void jiffies __ksym;
SEC("fentry/target")
int program(void *ctx)
{
	return &jiffies == ctx;
}
