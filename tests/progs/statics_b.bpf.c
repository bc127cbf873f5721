// SPDX-License-Identifier: MIT
// See statics_a.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static volatile int state = 700;

SEC("raw_tp/target")
int in_b(void *ctx)
{
	return ++state;
}
