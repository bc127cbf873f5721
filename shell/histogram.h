/* SPDX-License-Identifier: MIT */
/* Histograms whose slot n counts values of 2^n and more. Pure. */
#pragma once
#include "kernel/lib/fmt.h"

struct histogram {
	const u64 *counts;
	u32 first, last; /* the slots to print: all others are 0; at most 64 */
	u32 columns;     /* how wide a row may be, at least 20 */
};

/* Leaves out the slots that are 0 at both ends. Returns false if all are. */
bool histogram_begin(struct histogram *h, const u64 *counts, u32 slots, u32 columns);

/* Writes the row of a slot: "  10: 12   >= 1024 |###". The longest bar fills its row, and only 0 has none. */
void histogram_row(struct strbuf *s, const struct histogram *h, u32 slot);
