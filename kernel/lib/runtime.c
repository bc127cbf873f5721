// SPDX-License-Identifier: MIT
// A function that the compiler calls where the CPU may lack an instruction. The kernel does not use libgcc:
// it is compiled with a red zone, which interrupts on the same stack would overwrite.
#include "kernel/lib/types.h"

int __popcountdi2(u64 v);

notrace int __popcountdi2(u64 v)
{
	int count = 0;
	for (; v; v &= v - 1)
		count++;
	return count;
}
