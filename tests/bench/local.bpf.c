// SPDX-License-Identifier: MIT
// Local functions, one calling another: calls, arguments, frames.
#include "tests/bench/bench.h"

local_call u64 mix(u64 a, u64 b)
{
	return (a ^ b >> 29) * 0xbf58476d1ce4e5b9ull;
}

local_call u64 both(u64 a, u64 b)
{
	u64 first = mix(a, b);
	return first + mix(b, a);
}

BENCH(local)
{
	const u64 *words = (const u64 *)mem;
	u64 hash = 1;
	for (u64 i = 0; i < len / 8; i++)
		hash += both(words[i], hash);
	return hash;
}
