// SPDX-License-Identifier: MIT
// Refused: a section of a kind that we do not have.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("uprobe/target")
int program(void *ctx)
{
	return 0;
}
