// SPDX-License-Identifier: MIT
// Refused: the kernel has two types of that name, and the field lies at different places in them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct twice {
	int differs;
} __attribute__((preserve_access_index));
SEC("fentry/target")
int program(unsigned long long *ctx)
{
	return ((struct twice *)ctx[0])->differs;
}
