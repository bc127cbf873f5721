// SPDX-License-Identifier: MIT
// The numbers stand in columns as wide as the greatest, and the bars take the rest of the row.
#include "shell/histogram.h"

bool histogram_begin(struct histogram *h, const u64 *counts, u32 slots, u32 columns)
{
	u32 first = 0, last = slots;
	while (first < last && !counts[first])
		first++;
	while (last > first && !counts[last - 1])
		last--;
	*h = (struct histogram){ .counts = counts, .first = first, .last = last - 1, .columns = columns };
	return first < last;
}

static u64 greatest(const struct histogram *h)
{
	u64 most = 1;
	for (u32 i = h->first; i <= h->last; i++)
		most = max(most, h->counts[i]);
	return most;
}

static u32 digits(u64 n)
{
	u32 count = 1;
	while (n >= 10) {
		n /= 10;
		count++;
	}
	return count;
}

void histogram_row(struct strbuf *s, const struct histogram *h, u32 slot)
{
	u64 most = greatest(h), count = h->counts[slot];
	u32 begin = s->len;
	str_printf(s, "  %2u: %-*llu  >= %*llu |", slot, (int)digits(most), count,
		   (int)digits(1ull << h->last), 1ull << slot);
	u32 used = s->len - begin, room = h->columns > used ? h->columns - used : 1;
	/* Halved until the product below fits. */
	for (; most >> 32; most /= 2)
		count = count / 2 + count % 2;
	u64 bar = (count * room + most / 2) / most;
	for (bar = count ? max(bar, 1ull) : 0; bar; bar--)
		str_putc(s, '#');
}
