// SPDX-License-Identifier: MIT
// Multiplies two square matrices of 32-bit numbers: nested loops, indices of two terms.
#include "tests/bench/bench.h"

enum { N = 16 };

BENCH(matrix)
{
	const u32 *a = (const u32 *)mem, *b = a + N * N;
	u32 *c = (u32 *)mem + 2 * N * N;
	u64 trace = 0;
	if (len < 3 * N * N * sizeof(u32))
		return 0;
	for (u32 row = 0; row < N; row++)
		for (u32 col = 0; col < N; col++) {
			u32 sum = 0;
			for (u32 k = 0; k < N; k++)
				sum += a[row * N + k] * b[k * N + col];
			c[row * N + col] = sum;
		}
	for (u32 i = 0; i < N; i++)
		trace = trace * 33 + c[i * N + i];
	return trace;
}
