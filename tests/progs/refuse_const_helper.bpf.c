// SPDX-License-Identifier: MIT
// Refused: a helper that writes to a constant.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
const volatile long long limit = 5;
SEC("raw_tp/target")
int program(unsigned long long *ctx)
{
	return bpf_probe_read_kernel((void *)&limit, sizeof(limit), (void *)ctx[0]);
}

char LICENSE[] SEC("license") = "GPL";
