// SPDX-License-Identifier: MIT
// A hash of bytes, h = h * 31 + byte, that writes itself over them.
#include "tests/bench/bench.h"

BENCH(mem8)
{
	u64 hash = 7;
	for (u64 i = 0; i < len; i++) {
		hash = hash * 31 + mem[i];
		mem[i] = (u8)hash;
	}
	return hash;
}
