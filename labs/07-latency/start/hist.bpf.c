// SPDX-License-Identifier: MIT
// Lab 7: how long calls of msleep take. Slot n of hist counts the calls that take 2^n ns or more, and less
// than 2^(n+1) ns.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* When the calls that have not returned yet began. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u64);
} since SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} hist SEC(".maps");

SEC("fentry/msleep")
int BPF_PROG(sleep_begins, unsigned int ms)
{
	return 0; /* lab 7: not written yet */
}

SEC("fexit/msleep")
int BPF_PROG(sleep_ends, unsigned int ms)
{
	return 0; /* lab 7: not written yet */
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
