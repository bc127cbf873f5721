// SPDX-License-Identifier: MIT
// Refused: fexit programs have no result.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fexit/target")
int program(void *ctx)
{
	return 1;
}
