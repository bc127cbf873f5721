// SPDX-License-Identifier: MIT
// Refused: a function of the kernel that programs may not call.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern int wake_up_process(void *task) __ksym;
SEC("fentry/target")
int program(void *ctx)
{
	return wake_up_process(ctx);
}
