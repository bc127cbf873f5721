// SPDX-License-Identifier: MIT
// Names of which the first 31, 63 and 127 characters are the same, of programs, maps, sections and tail-call targets.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PREFIX(rest) a_name_that_goes_on_for_long_##rest
#define LONG(rest) \
	PREFIX(    \
	    and_on_for_longer_still_until_nobody_would_write_it_twice_and_on_until_no_buffer_would_hold_it_##rest)
#define SECTION \
	"fmod_ret/a_function_with_a_name_of_more_than_sixty_three_characters_of_which_none_is_left_out"

int LONG(two)(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, int(void *));
} PREFIX(jump) SEC(".maps") = { .values = { [0] = (void *)&LONG(two) } };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} PREFIX(counts) SEC(".maps");

int runs;

SEC(SECTION)
int LONG(one)(void *ctx)
{
	runs++;
	bpf_tail_call(ctx, &PREFIX(jump), 0);
	return 1;
}

SEC(SECTION)
int LONG(two)(void *ctx)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&PREFIX(counts), &key);
	return value ? 2 : 3;
}

char LICENSE[] SEC("license") = "GPL";
