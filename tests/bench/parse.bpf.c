// SPDX-License-Identifier: MIT
// Adds up the decimal numbers in a text.
#include "tests/bench/bench.h"

BENCH(parse)
{
	u64 sum = 0, number = 0;
	for (u64 i = 0; i < len; i++) {
		u32 digit = mem[i] - (u32)'0';
		if (digit < 10) {
			number = number * 10 + digit;
			continue;
		}
		sum += number;
		number = 0;
	}
	return sum + number;
}
