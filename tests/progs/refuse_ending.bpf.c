// SPDX-License-Identifier: MIT
// Refused: a tracepoint's program cannot sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tp_btf.s/sched_switch")
int program(void *ctx)
{
	return 0;
}
