// SPDX-License-Identifier: MIT
// Refused: the kernel has two types of that name, each with one of the fields.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct half {
	int left, right;
} __attribute__((preserve_access_index));
SEC("fmod_ret/take_half")
int program(unsigned long long *ctx)
{
	struct half *h = (void *)ctx[0];
	return h->left + h->right;
}
