// SPDX-License-Identifier: MIT
// Refused: a store to a constant, whatever the index.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
const volatile int table[8] = { 1, 2 };
SEC("raw_tp/target")
int program(unsigned long long *ctx)
{
	*(volatile int *)&table[ctx[0] & 7] = 6;
	return table[1];
}
