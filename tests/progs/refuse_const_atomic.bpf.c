// SPDX-License-Identifier: MIT
// Refused: an atomic operation on a constant, behind a move and an addition.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
const volatile struct {
	long long first, second;
} limits = { 5, 6 };
static __attribute__((noinline)) long long bump(long long *at)
{
	return __sync_fetch_and_add(at + 1, 1);
}
SEC("raw_tp/target")
int program(void *ctx)
{
	return bump((long long *)&limits);
}
