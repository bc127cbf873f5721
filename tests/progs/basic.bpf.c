// SPDX-License-Identifier: MIT
// One of everything that the loader relocates: maps of each type, global variables of each
// section, subprograms, two programs in one section, a print.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
	__u32 first, second;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__uint(key_size, 8);
	__uint(value_size, 8);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} per_cpu SEC(".maps");

int runs;                         /* .bss */
long long start = 1000;           /* .data */
const volatile unsigned step = 7; /* .rodata */
static int hidden = 5;

static __attribute__((noinline)) int twice(int x)
{
	return x * 2 + hidden;
}

__attribute__((noinline)) int four_times(int x)
{
	return twice(x) + twice(x + 1);
}

SEC("fmod_ret/target")
int first(unsigned long long *ctx)
{
	__u32 key = 1;
	__u64 value = ctx[0], *count;
	struct pair *pair = bpf_map_lookup_elem(&pairs, &key);
	if (pair) {
		pair->first++;
		pair->second = (__u32)value;
	}
	bpf_map_update_elem(&seen, &value, &value, BPF_ANY);
	key = 0;
	count = bpf_map_lookup_elem(&per_cpu, &key);
	if (count)
		++*count;
	runs++;
	start += step;
	hidden++;
	bpf_printk("value %llu %s", value, "text");
	return four_times((int)value);
}

SEC("fmod_ret/target")
int second(void *ctx)
{
	return twice(100);
}

SEC("fexit/other")
int third(void *ctx)
{
	return 0;
}

SEC("?fentry/skipped")
int fourth(void *ctx)
{
	return 4;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
