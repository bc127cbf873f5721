// SPDX-License-Identifier: MIT
// Reads of what the kernel of kernel_types.bpf.c does not have, where control can reach them: one way for each object.
// Each is refused with its line.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifndef WAY
#define WAY 1
#endif
#define core     __attribute__((preserve_access_index))
#define noinline __attribute__((noinline, unused))

enum mood___local { MOOD_CALM = 1, MOOD_NONE = 9 };

struct thing___new {
	int first;
	int missing;
	struct {
		int deep[4];
	} nested;
	int wide : 3;
	int became_signed;
} core;

struct own_context {
	struct thing___new *thing;
};

int seen, has_it = 0;

#line 34
static noinline int in_function(struct thing___new *t, int has)
{
	return has ? BPF_CORE_READ(t, missing) : 1;
}

#line 40
static noinline long callback(unsigned int i, void *data)
{
	struct thing___new *t = *(struct thing___new **)data;
	seen = t->missing;
	return 0;
}

SEC("raw_tp/target")
int program(unsigned long long *ctx)
{
	struct thing___new *t = (void *)ctx[0];
	struct own_context *own = (void *)ctx[1];
	(void)own, (void)t;
#line 99
#if WAY == 1
	seen = BPF_CORE_READ(t, missing);
#elif WAY == 2
	seen = t->missing;
#elif WAY == 3
	t->missing = 5;
#elif WAY == 4
	seen = BPF_CORE_READ(own, thing, first);
#elif WAY == 5
	seen = bpf_core_enum_value(enum mood___local, MOOD_NONE);
#elif WAY == 6
	seen = bpf_core_field_size(t->missing);
#elif WAY == 7
	seen = BPF_CORE_READ_BITFIELD(t, wide);
#elif WAY == 8
	if (ctx[1] == 3 || bpf_core_field_exists(t->missing))
		seen = t->missing;
#elif WAY == 9
	seen = in_function(t, bpf_core_field_exists(t->first)) + in_function(t, 0);
#elif WAY == 10
	bpf_loop(2, callback, &t, 0);
#elif WAY == 11
	if (bpf_core_field_exists(t->first))
		seen = t->nested.deep[2];
#elif WAY == 12
	seen = t->became_signed;
#elif WAY == 13
	if (has_it)
		seen = t->missing;
#elif WAY == 14
	if (!bpf_core_field_exists(t->missing))
		seen = t->missing;
#elif WAY == 15
	seen = bpf_core_field_offset(t->missing);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
