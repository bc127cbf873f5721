// SPDX-License-Identifier: MIT
// Ends of the machine that end-to-end tests look at from outside.
#include "kernel/lib/types.h"
#include "tests/test.h"

/* Without an IDT an exception cannot be reported, nor can that. */
TEST(panic_triple_fault_without_an_idt)
{
	static const struct {
		u16 limit;
		u64 base;
	} packed empty = { 0, 0 };
	__asm__ volatile("lidt %0; int3" ::"m"(empty));
}
