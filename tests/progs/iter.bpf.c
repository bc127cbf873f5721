// SPDX-License-Identifier: MIT
// Loops over an open-coded iterator, as libbpf's macros bpf_for and bpf_repeat make them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

/* Numbers from start on, below end, one a round. The iterator is destroyed where its variable ends. */
#define for_numbers(i, start, end)                                                               \
	for (struct bpf_iter_num it __attribute__((aligned(8), cleanup(bpf_iter_num_destroy))),  \
	     *made __attribute__((unused)) =                                                     \
		 (bpf_iter_num_new(&it, (start), (end)), (void)bpf_iter_num_destroy, (void *)0); \
	     ({                                                                                  \
		     int *at = bpf_iter_num_next(&it);                                           \
		     at && (i = *at, 1);                                                         \
	     });)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} squares SEC(".maps");

__u64 sums[8];
volatile int wanted = 1000;

SEC("fmod_ret/target")
int iter_sum(void *ctx)
{
	int i, sum = 0;
	for_numbers(i, -3, 11) sum += i;
	return sum;
}

/* As many rounds as a variable says, of which the verifier does not know the number. */
SEC("fmod_ret/target")
int iter_unknown(void *ctx)
{
	int i, sum = 0;
	for_numbers(i, 0, wanted)
	{
		if ((unsigned)i % 3)
			continue;
		if (i > 600)
			break;
		sum++;
		sums[i & 7] += i;
	}
	return sum;
}

SEC("fmod_ret/target")
int iter_nested(void *ctx)
{
	int i, k __attribute__((unused)), sum = 0;
	for_numbers(i, 0, 100) for_numbers(k, 0, i) sum++;
	return sum;
}

SEC("fmod_ret/target")
int iter_elements(void *ctx)
{
	int i, found = 0;
	for_numbers(i, 0, 20)
	{
		__u64 *value = bpf_map_lookup_elem(&squares, &i);
		if (!value)
			break;
		*value = i * i;
		found++;
	}
	return found;
}

/* What a loop has found up to a limit is an index afterwards. */
SEC("fmod_ret/target")
int iter_fills(void *ctx)
{
	int i, count = 0;
	__u8 odd[16] = { 0 };
	for_numbers(i, 0, 40)
	{
		if (i & 1 && count < 16)
			odd[count++] = i;
	}
	return count > 0 ? odd[count - 1] : 0;
}

/* Bounds that are none: -EINVAL, -E2BIG, and no round. */
SEC("fmod_ret/target")
int iter_bounds(void *ctx)
{
	struct bpf_iter_num it;
	int backwards = bpf_iter_num_new(&it, 1, 0), rounds = 0;
	rounds += bpf_iter_num_next(&it) != 0;
	bpf_iter_num_destroy(&it);
	int many = bpf_iter_num_new(&it, 0, 0x800001);
	rounds += bpf_iter_num_next(&it) != 0;
	bpf_iter_num_destroy(&it);
	int most = bpf_iter_num_new(&it, -0x7fffffff - 1, -0x7fffffff - 1 + 0x800000);
	int *first = bpf_iter_num_next(&it);
	rounds += first && *first == -0x7fffffff - 1;
	bpf_iter_num_destroy(&it);
	return rounds + (backwards == -22) * 10 + (many == -7) * 100 + (most == 0) * 1000;
}

char LICENSE[] SEC("license") = "GPL";
