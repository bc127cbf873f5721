// SPDX-License-Identifier: MIT
// Strings: compare, find, copy, join, with sizes that are known and not.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define MAX 64

struct event {
	__u32 pid, used;
	char comm[TASK_COMM_LEN];
	char text[4 * MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct event);
} scratch SEC(".maps");

const volatile char wanted[TASK_COMM_LEN] = "ping";
__u32 matches, prefixes, digits, total;
char last[MAX];

static __always_inline bool same(const char *a, const volatile char *b)
{
	for (int i = 0; i < TASK_COMM_LEN; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			return true;
	}
	return true;
}

static __noinline int prefix_len(const char *a, int len)
{
	int i;

	if (!a)
		return 0;
	for (i = 0; i < 16 && i < len; i++)
		if (a[i] == '/' || !a[i])
			break;
	return i;
}

SEC("fentry/wake_up_process")
int BPF_PROG(string_same, struct task_struct *p)
{
	char comm[TASK_COMM_LEN];

	bpf_get_current_comm(&comm, sizeof(comm));
	if (same(comm, wanted))
		matches++;
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(string_prefix, struct task_struct *p)
{
	char comm[TASK_COMM_LEN] = {};
	long n = bpf_probe_read_kernel_str(comm, sizeof(comm), p->comm);

	if (n <= 0)
		return 0;
	if (comm[0] == 'w' && comm[1] == 'o' && comm[2] == 'r' && !comm[n - 1])
		prefixes++;
	total += n;
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(string_digits, struct task_struct *p)
{
	char comm[TASK_COMM_LEN];
	__u32 n = 0;

	if (bpf_core_read_str(comm, sizeof(comm), &p->comm) < 0)
		return 0;
	for (__u8 i = 0; i < sizeof(comm) && comm[i]; i++) {
		char c = comm[i];
		if (c >= '0' && c <= '9')
			n = 10 * n + (c - '0');
	}
	digits = n;
	return 0;
}

/* As tools collect the arguments of a process: each where the one before ends. */
SEC("fentry/wake_up_process")
int BPF_PROG(string_joined, struct task_struct *p)
{
	__u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&scratch, &zero);
	struct task_struct *t = p;

	if (!e)
		return 0;
	e->pid = BPF_CORE_READ(p, pid);
	e->used = 0;
	BPF_CORE_READ_STR_INTO(&e->comm, p, comm);
#pragma unroll
	for (int i = 0; i < 3; i++) {
		if (e->used > sizeof(e->text) - MAX)
			break;
		int n = bpf_probe_read_kernel_str(&e->text[e->used], MAX, t->comm);
		if (n < 0 || n > MAX)
			break;
		e->used += n;
		t = t->real_parent;
		if (!t)
			break;
	}
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(string_sized, struct task_struct *p)
{
	__u64 n = p->pid;

	n &= MAX - 1;
	bpf_probe_read_kernel(last, n, p->comm);
	if (n > 0 && n <= 16)
		bpf_probe_read_kernel_str(last, n, p->comm);
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(string_global, struct task_struct *p)
{
	char path[32] = "/proc/self";
	char inline_text[] = "inlined on the stack";

	path[10] = p->comm[0];
	total += prefix_len(path + 1, 31) + prefix_len(inline_text, sizeof(inline_text));
	bpf_printk("%s %s %d", path, inline_text, p->pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
