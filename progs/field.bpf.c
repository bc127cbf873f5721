// SPDX-License-Identifier: MIT
// Asks whether the kernel has a field before it reads it. This kernel's task_struct has no mood, so the read is
// never reached. Without the question the object would be refused.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct task_struct___future { /* what is behind ___ does not count */
	int mood;
} __attribute__((preserve_access_index));

struct {
	__u64 with, without;
	int last;
} moods;

SEC("fentry/wake_up_process")
int BPF_PROG(ask_mood, struct task_struct *p)
{
	struct task_struct___future *future = (void *)p;

	if (bpf_core_field_exists(future->mood)) {
		moods.last = BPF_CORE_READ(future, mood);
		moods.with++;
	} else {
		moods.without++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
