// SPDX-License-Identifier: MIT
// Every way in which libbpf lets a map of programs say its sizes; `values` alone implies a value of 4 bytes.
// A tail call through each of the maps leads to the next program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int second(void *ctx);
int third(void *ctx);
int fourth(void *ctx);
int last(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(void *));
} sized_key SEC(".maps") = { .values = { [1] = (void *)&second } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(void *));
} typed_key SEC(".maps") = { .values = { [1] = (void *)&third } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
	__array(values, int(void *));
} typed SEC(".maps") = { .values = { [1] = (void *)&fourth } };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(value_size, sizeof(__u32));
	__type(key, int);
	__uint(max_entries, 2);
	__array(values, int(void *));
} mixed SEC(".maps") = { .values = { [1] = (void *)&last } };

SEC("fmod_ret/target")
int first(void *ctx)
{
	bpf_tail_call(ctx, &sized_key, 1);
	return 1;
}

SEC("fmod_ret")
int second(void *ctx)
{
	bpf_tail_call(ctx, &typed_key, 1);
	return 2;
}

SEC("fmod_ret")
int third(void *ctx)
{
	bpf_tail_call(ctx, &typed, 1);
	return 3;
}

SEC("fmod_ret")
int fourth(void *ctx)
{
	bpf_tail_call(ctx, &mixed, 1);
	return 4;
}

SEC("fmod_ret")
int last(void *ctx)
{
	return 5;
}

char LICENSE[] SEC("license") = "GPL";
