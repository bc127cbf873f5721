// SPDX-License-Identifier: MIT
// Refused: a program that sleeps where it must not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
extern void msleep(unsigned int ms) __ksym;
SEC("fentry/target")
int program(void *ctx)
{
	msleep(1);
	return 0;
}
