// SPDX-License-Identifier: MIT
// A program that comes back to itself: it prints, and the command attaches it to a function that printing calls.
// The kernel skips the inner run, and counts it as missed: attach recurse trace_write.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 recurse_runs;

SEC("fentry")
int recurse(void *ctx)
{
	recurse_runs++;
	bpf_printk("run %llu", recurse_runs);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
