// SPDX-License-Identifier: MIT
// Refused: a program that is static.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fentry/target")
static __attribute__((used)) int program(void *ctx)
{
	return 0;
}
