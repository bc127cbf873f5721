// SPDX-License-Identifier: MIT
// Loops and tables: maps in loops, nested ones, bpf_loop with a struct, switch tables, lists.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct slot {
	__u32 id, state;
	__u64 time;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

struct search {
	__u64 newest;
	__u32 index, seen;
	char text[8];
};

__u32 sorted[8], depth, states[8], found;
__u8 matrix[4][6];
__u64 sum;

SEC("fentry/schedule")
int BPF_PROG(loop_over_map)
{
	__u32 oldest = 0;
	__u64 time = ~0ull;

	for (int i = 0; i < 16; i++) {
		__u32 key = i;
		struct slot *s = bpf_map_lookup_elem(&slots, &key);
		if (!s)
			break;
		if (s->time < time) {
			time = s->time;
			oldest = i;
		}
	}
	struct slot *s = bpf_map_lookup_elem(&slots, &oldest);
	if (!s)
		return 0;
	*s = (struct slot){ .id = oldest, .state = 1, .time = bpf_ktime_get_ns() };
	return 0;
}

static long visit(__u64 i, void *data)
{
	struct search *c = data;
	__u32 key = i;
	struct slot *s = bpf_map_lookup_elem(&slots, &key);

	if (!s)
		return 1;
	c->text[i & 7] = s->id;
	if (s->time > c->newest) {
		c->newest = s->time;
		c->index = i;
	}
	c->seen++;
	return 0;
}

SEC("fentry/schedule")
int BPF_PROG(loop_with_context)
{
	struct search c = {};
	__u32 state = 2;

	bpf_loop(16, visit, &c, 0);
	struct slot *s = bpf_map_lookup_elem(&slots, &c.index);
	if (s)
		s->state = state;
	sum += c.seen + c.text[3];
	return 0;
}

static long each(void *map, __u32 *key, struct slot *s, __u64 *times)
{
	if (*key > 12)
		return 1;
	*times += s->time;
	return 0;
}

SEC("fentry/schedule")
int BPF_PROG(loop_for_each)
{
	__u64 times = 0;

	bpf_for_each_map_elem(&slots, each, &times, 0);
	sum = times;
	return 0;
}

SEC("fentry/schedule")
int BPF_PROG(loop_sort)
{
	__u32 v[8];

	for (int i = 0; i < 8; i++)
		v[i] = bpf_get_prandom_u32();
	for (int i = 1; i < 8; i++) {
		for (int k = i; k > 0 && v[k - 1] > v[k]; k--) {
			__u32 t = v[k];
			v[k] = v[k - 1];
			v[k - 1] = t;
		}
	}
	__builtin_memcpy(sorted, v, sizeof(v));
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(loop_parents, struct task_struct *p)
{
	struct task_struct *t = p;
	int n;

	for (n = 0; n < 20; n++) {
		struct task_struct *parent = t->real_parent;
		if (!parent || parent == t)
			break;
		t = parent;
	}
	depth = n;
	found = BPF_CORE_READ(p, real_parent, real_parent, pid);
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(loop_rows, struct task_struct *p)
{
	for (__u8 y = 0; y < 4; y++)
		for (__u16 x = 0; x < 6; x++)
			matrix[y][x] = matrix[(y + 1) & 3][x] + p->prio;
	return 0;
}

static const char names[4][10] = { "running", "sleeping", "waiting", "stopped" };
static const __u32 weights[8] = { 1024, 820, 655, 526, 423, 335, 272, 215 };

SEC("fentry/wake_up_process")
int BPF_PROG(table_switch, struct task_struct *p)
{
	__u32 state = p->__state, n;

	switch (state) {
	case 0: n = 3; break;
	case 1: n = 5; break;
	case 2: n = 1; break;
	case 4: n = 7; break;
	case 8: n = 2; break;
	case 16: n = 6; break;
	default: n = 0;
	}
	states[n]++;
	sum += weights[p->prio & 7];
	if (state < 4)
		bpf_printk("%s", names[state]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
