/* SPDX-License-Identifier: MIT */
/* kernel/cpu/this_cpu.h: struct cpu is at GS:0; generated code finds it there too, by gs(offset) of
 * kernel/lib/x86.h. `offset` is a constant. */
#pragma once
#include "kernel/lib/types.h"

#define PERCPU static inline notrace __attribute__((always_inline))

PERCPU void *percpu_read_ptr(u32 offset)
{
	void *v;
	__asm__ volatile("movq %%gs:%c1, %0" : "=r"(v) : "i"(offset));
	return v;
}
PERCPU u32 percpu_read(u32 offset)
{
	u32 v;
	__asm__ volatile("movl %%gs:%c1, %0" : "=r"(v) : "i"(offset));
	return v;
}
PERCPU void percpu_add(u32 offset, u32 n)
{
	__asm__ volatile("addl %1, %%gs:%c0" ::"i"(offset), "ri"(n) : "memory", "cc");
}
/* Subtracts 1. Returns whether 0 is left. */
PERCPU bool percpu_dec_is_zero(u32 offset)
{
	bool zero;
	__asm__ volatile("decl %%gs:%c1" : "=@ccz"(zero) : "i"(offset) : "memory");
	return zero;
}
PERCPU void percpu_and(u32 offset, u32 bits)
{
	__asm__ volatile("andl %1, %%gs:%c0" ::"i"(offset), "ri"(bits) : "memory", "cc");
}
PERCPU void percpu_or(u32 offset, u32 bits)
{
	__asm__ volatile("orl %1, %%gs:%c0" ::"i"(offset), "ri"(bits) : "memory", "cc");
}
#undef PERCPU
