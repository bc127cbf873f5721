// SPDX-License-Identifier: MIT
// Callbacks as clang compiles them: static functions whose addresses are relocated; and what of the kernel
// has an address.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void init_task __ksym;
extern void msleep(unsigned int ms) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct bpf_map;

struct sum {
	__u64 keys, values, calls;
};

unsigned long long task_address, function_address;

static long add_index(__u64 index, void *arg)
{
	struct sum *s = arg;
	s->keys += index;
	return index == 20;
}

static __attribute__((noinline)) __u64 twice(__u64 x)
{
	return 2 * x;
}

static long add_element(struct bpf_map *map, __u32 *key, __u64 *value, struct sum *s)
{
	s->keys += *key;
	s->values += twice(*value);
	*value += 1;
	return 0;
}

SEC("fmod_ret/target")
int loop_ten(void *ctx)
{
	struct sum s = { 0 };
	long n = bpf_loop(10, add_index, &s, 0);
	return n * 1000 + s.keys;
}

SEC("fmod_ret/target")
int loop_stopped(void *ctx)
{
	struct sum s = { 0 };
	long n = bpf_loop(100, add_index, &s, 0);
	return n * 1000 + s.keys;
}

static long take_index(__u64 index, void *arg)
{
	struct sum *s = arg;
	s->keys -= index;
	return 0;
}

volatile int down;

SEC("fmod_ret/target")
int loop_chosen(void *ctx)
{
	struct sum s = { .keys = 1000 };
	bpf_loop(10, down ? take_index : add_index, &s, 0);
	return s.keys;
}

SEC("fmod_ret/target")
int each_element(void *ctx)
{
	struct sum s = { 0 };
	long n = bpf_for_each_map_elem(&numbers, add_element, &s, 0);
	return n * 10000 + s.keys * 100 + s.values;
}

SEC("fmod_ret/target")
int addresses(void *ctx)
{
	task_address = (unsigned long)&init_task;
	function_address = (unsigned long)msleep;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
