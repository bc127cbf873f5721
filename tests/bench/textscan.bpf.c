// SPDX-License-Identifier: MIT
// wc: lines, words, digits.
#include "tests/bench/bench.h"

BENCH(textscan)
{
	u64 lines = 0, words = 0, digits = 0;
	bool inside = false;
	for (u64 i = 0; i < len; i++) {
		u8 ch = mem[i];
		if (ch == '\n')
			lines++;
		if (ch == ' ' || ch == '\n' || ch == '\t') {
			inside = false;
			continue;
		}
		if (!inside)
			words++;
		inside = true;
		if (ch >= '0' && ch <= '9')
			digits++;
	}
	return lines << 40 | words << 20 | digits;
}
