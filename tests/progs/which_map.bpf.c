// SPDX-License-Identifier: MIT
// Maps that are known only when the program runs, as in ordinary C; and a pointer that is no map.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <linux/errno.h>
#include <stdbool.h>

struct table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

__u64 in_first, in_second, found;

static __u64 value_in(void *map)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(map, &key);
	return value ? *value : 0;
}

static __attribute__((noinline)) long put(void *map, __u64 value)
{
	__u32 key = 1;
	return bpf_map_update_elem(map, &key, &value, BPF_ANY);
}

/* By a condition, as a function's argument, and through memory. */
SEC("raw_tp/kfree_skb")
int chosen(__u64 *ctx)
{
	void *map = ctx[0] ? (void *)&first : (void *)&second, *volatile kept = map;
	long e = put(map, 5) | put(kept, 6);
	in_first = value_in(&first);
	in_second = value_in(&second);
	return e;
}

static long see(void *map, __u32 *key, __u64 *value, void *ctx)
{
	found = value_in(map) * 10 + *value;
	return 0;
}

/* A callback gets its map from the helper. */
SEC("raw_tp/kfree_skb")
int called_back(__u64 *ctx)
{
	put(&first, 7);
	return bpf_for_each_map_elem(&first, see, 0, 0);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
