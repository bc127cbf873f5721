// SPDX-License-Identifier: MIT
// Two sections called .rodata, as clang 15 makes them where their flags differ. Here the assembler makes the
// second, and moves the variable `second` there, which BTF lists with `first`.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile int first = 40;

asm(".section .rodata,\"aM\",@progbits,8,unique,1\n"
    "	.long 0\n"
    "	.globl second\n"
    "	.type second,@object\n"
    "second:\n"
    "	.long 2\n"
    "	.size second, 4\n"
    "	.text");
extern const volatile int second SEC(".rodata");

SEC("raw_tp/target")
int sum(void *ctx)
{
	return first + second;
}
