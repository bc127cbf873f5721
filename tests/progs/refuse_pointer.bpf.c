// SPDX-License-Identifier: MIT
// Refused: a variable whose first value is an address.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
int target;
int *pointer = &target;
SEC("fentry/target")
int program(void *ctx)
{
	return *pointer;
}
