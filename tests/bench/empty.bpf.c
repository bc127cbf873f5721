// SPDX-License-Identifier: MIT
// Nothing: what entering, leaving and compiling a program costs.
#include "tests/bench/bench.h"

BENCH(empty)
{
	(void)mem, (void)len;
	return 0;
}
