// SPDX-License-Identifier: MIT
// Insertion sort of 64 numbers on the stack.
#include "tests/bench/bench.h"

enum { COUNT = 64 };

BENCH(sort)
{
	const u32 *words = (const u32 *)mem;
	u32 keys[COUNT];
	if (len < sizeof(keys))
		return 0;
	for (u32 i = 0; i < COUNT; i++) {
		u32 key = words[i], at = i;
		for (; at > 0 && keys[at - 1] > key; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
	u64 hash = 0;
	for (u32 i = 0; i < COUNT; i++)
		hash = hash * 31 + keys[i];
	return hash;
}
