// SPDX-License-Identifier: MIT
// Prints every wake-up of a task: the example of the mail that brought trampolines to Linux.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("fentry/wake_up_process")
int BPF_PROG(my_wake_up, struct task_struct *p)
{
	bpf_printk("We are waking up %s:%d", p->comm, p->pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
