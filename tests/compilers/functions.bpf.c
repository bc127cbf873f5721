// SPDX-License-Identifier: MIT
// Functions: static, global, recursive by tail call, with structs by pointer; variables of all kinds.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

struct pair {
	__s32 low, high;
};

struct big {
	__u64 words[12];
	struct pair pair;
	__u8 tail[3];
};

struct flags {
	__u32 kind : 3, level : 5, more : 24;
	__s64 wide : 40;
};

int next_one(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [1] = (void *)&next_one } };

struct big shared_big;
struct flags shared_flags;
static __u64 hidden;
static int modes[4] = { 1, -2, 3, -4 };
__u8 bytes[32];
volatile __s16 narrow = -5;
__u32 rounds;

__noinline int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

__noinline int pair_sum(struct pair *p)
{
	return p ? p->low + p->high : 0;
}

static __noinline void fill(struct big *b, __u64 from)
{
	for (int i = 0; i < 12; i++)
		b->words[i] = from + i;
	b->pair.low = from;
	b->pair.high = from >> 32;
}

static __noinline __u8 *byte_at(__u32 i)
{
	if (i >= sizeof(bytes))
		return NULL;
	return &bytes[i & (sizeof(bytes) - 1)];
}

SEC("fentry/wake_up_process")
int BPF_PROG(func_global, struct task_struct *p)
{
	struct pair pair = { p->prio, p->pid };

	rounds += clamp(p->prio, 0, 139) + pair_sum(&pair);
	bytes[clamp(p->prio, 0, 31) & 31]++;
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(func_static, struct task_struct *p)
{
	struct big b = {}, copy;
	__u8 *at = byte_at(p->cpu);

	fill(&b, p->start_time);
	copy = b;
	__builtin_memmove(&copy.words[1], &copy.words[0], 5 * sizeof(__u64));
	shared_big = copy;
	if (at)
		*at = b.words[3];
	return 0;
}

SEC("fentry/wake_up_process")
int BPF_PROG(func_flags, struct task_struct *p)
{
	struct flags f = { .kind = p->prio, .level = p->cpu };

	f.more = f.kind * f.level;
	f.wide = -(__s64)p->pid;
	shared_flags = f;
	shared_flags.wide += narrow;
	hidden += (__u32)modes[f.kind & 3] / ((__u32)narrow ?: 1);
	return 0;
}

SEC("fentry/wake_up_process")
int func_tail(void *ctx)
{
	bpf_tail_call(ctx, &jumps, rounds & 3);
	rounds++;
	return 0;
}

SEC("fentry/wake_up_process")
int next_one(void *ctx)
{
	hidden++;
	if (rounds++ & 1)
		bpf_tail_call(ctx, &jumps, 1);
	return 0;
}

SEC("fexit/alloc_skb")
int BPF_PROG(func_signed, unsigned int size, struct sk_buff *ret)
{
	__s32 d = (__s32)size - 1000;
	__s64 index = d >> 5;

	if (d < -500 || d > 500)
		return 0;
	if (index < 0)
		index = -index;
	bytes[index & 15]++;
	return 0;
}

SEC("kprobe/alloc_skb")
int BPF_KPROBE(func_kprobe, unsigned int size)
{
	__u64 ip = PT_REGS_IP(ctx);

	hidden ^= ip;
	bytes[size & 31] = 1;
	return 0;
}

SEC("kretprobe/alloc_skb")
int BPF_KRETPROBE(func_kretprobe, struct sk_buff *ret)
{
	if (ret)
		rounds += BPF_CORE_READ(ret, truesize);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
