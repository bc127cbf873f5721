// SPDX-License-Identifier: MIT
// Refused: the kernel's field is signed and of another size, so no change of the load makes it right.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct thing {
	int became_signed;
} __attribute__((preserve_access_index));
SEC("fentry/target")
int program(unsigned long long *ctx)
{
	return ((struct thing *)ctx[0])->became_signed;
}
