// SPDX-License-Identifier: MIT
// An enum that is only declared: in BTF it has the size 0 and no values.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum shade;
struct lamp {
	enum shade *shade;
	int watts;
} lamp;

SEC("raw_tp/target")
int light(void *ctx)
{
	return ++lamp.watts;
}
