// SPDX-License-Identifier: MIT
// Counts at each wake-up how many tasks exist and how many of them sleep. bpf_loop calls a function of the
// program for each task in the list that begins in init_task, a variable of the kernel.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define TASKS_MAX 1000

extern struct task_struct init_task __ksym;

struct task_walk {
	struct list_head *at;
	__u32 all, asleep;
};

struct {
	__u32 all, asleep, most_asleep;
} tasks_seen;

/* One task; 1 ends the loop. */
static long task_visit(__u64 index, void *arg)
{
	struct task_walk *walk = arg;
	struct task_struct *p = (void *)walk->at - bpf_core_field_offset(struct task_struct, tasks);

	if (walk->at == &init_task.tasks)
		return 1;
	walk->all++;
	walk->asleep += BPF_CORE_READ(p, __state) != 0;
	walk->at = BPF_CORE_READ(p, tasks.next);
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(tasks_count, struct task_struct *woken)
{
	struct task_walk walk = { .at = BPF_CORE_READ(&init_task, tasks.next) };

	bpf_loop(TASKS_MAX, task_visit, &walk, 0);
	tasks_seen.all = walk.all;
	tasks_seen.asleep = walk.asleep;
	if (walk.asleep > tasks_seen.most_asleep)
		tasks_seen.most_asleep = walk.asleep;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
