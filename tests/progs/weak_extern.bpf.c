// SPDX-License-Identifier: MIT
// A function and a variable of the kernel that need not be there.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern const void no_such_variable __ksym __weak;
SEC("fentry/target")
int program(void *ctx)
{
	return &no_such_variable ? 1 : 2;
}
