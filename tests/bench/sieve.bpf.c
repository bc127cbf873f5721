// SPDX-License-Identifier: MIT
// The sieve of Eratosthenes over all bytes; returns the count of primes below len.
#include "tests/bench/bench.h"

BENCH(sieve)
{
	/* Anything but 0 is prime as yet; one value for all would make a memset of it. */
	for (u64 i = 0; i < len; i++)
		mem[i] = (u8)(i | 1);
	u64 count = 0;
	for (u64 p = 2; p < len; p++) {
		if (!mem[p])
			continue;
		count++;
		for (u64 i = p * p; i < len; i += p)
			mem[i] = 0;
	}
	return count;
}
