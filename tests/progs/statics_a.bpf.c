// SPDX-License-Identifier: MIT
// With statics_b, linked by bpftool gen object: each has a static variable `state`. Alone, it is stripped of
// the names of its statics.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static volatile int state = 11;
static volatile int more[3] = { 1, 2, 3 };
int plain = 9;

SEC("raw_tp/target")
int in_a(void *ctx)
{
	more[1] = 5;
	return ++state;
}
