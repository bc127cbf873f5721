// SPDX-License-Identifier: MIT
// Tail calls: of itself until there are too many, directly and from a function; of others; of no program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int again(void *ctx);
int below(void *ctx);
int both(void *ctx);
int leaf(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 6);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__array(values, int(void *));
} table SEC(".maps") = {
	.values = {
		[0] = (void *)&again,
		[1] = (void *)&below,
		[2] = (void *)&leaf,
		[4] = (void *)&both,
	},
};

/* clang does not know that a tail call does not come back: results must not be constants to it. */
#define hide(v) __asm__ volatile("" : "+r"(v))

int runs, returns;
long long seen;

/* Runs 34 times: once, and 33 times more. */
SEC("fmod_ret/target")
int again(void *ctx)
{
	runs++;
	bpf_tail_call(ctx, &table, 0);
	returns++; /* only the last one comes here */
	return runs;
}

static __attribute__((noinline)) int call_below(void *ctx)
{
	volatile int local = runs;
	bpf_tail_call(ctx, &table, 1);
	return local;
}

/* The same from a function: each of the 34 gets what the one after it returns. */
SEC("fmod_ret/target")
int below(void *ctx)
{
	volatile int mine = ++runs;
	int result = call_below(ctx);
	returns++;
	seen += mine; /* this frame is as it was */
	return result;
}

static __attribute__((noinline)) int call_both(void *ctx)
{
	int result = 1;
	bpf_tail_call(ctx, &table, 4);
	hide(result);
	return result;
}

/* Two ways each: not 2 to the 33 runs, for the count is one for all. */
SEC("fmod_ret/target")
int both(void *ctx)
{
	runs++;
	return call_both(ctx) + call_both(ctx);
}

SEC("fmod_ret/target")
int leaf(void *ctx)
{
	runs += 100;
	return 1000;
}

SEC("fmod_ret/target")
int to_leaf(void *ctx)
{
	runs++;
	bpf_tail_call(ctx, &table, 2);
	return -1;
}

static __attribute__((noinline)) int call_leaf(void *ctx)
{
	int result = -1;
	bpf_tail_call(ctx, &table, 2);
	hide(result);
	return result;
}

/* Back from the leaf, it goes on. */
SEC("fmod_ret/target")
int to_leaf_and_on(void *ctx)
{
	int first = call_leaf(ctx), second = call_leaf(ctx);
	runs++;
	return first + second + 1;
}

SEC("fmod_ret/target")
int to_nobody(void *ctx)
{
	bpf_tail_call(ctx, &table, 3); /* empty */
	runs++;
	bpf_tail_call(ctx, &table, 6); /* there is none */
	runs++;
	return 5;
}

char LICENSE[] SEC("license") = "GPL";
