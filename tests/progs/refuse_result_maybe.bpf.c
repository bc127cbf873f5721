// SPDX-License-Identifier: MIT
// Refused: a session whose result is not known.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("fsession/target")
int program(unsigned long long *ctx)
{
	return ctx[0] > 5;
}
