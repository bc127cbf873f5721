// SPDX-License-Identifier: MIT
// Histograms: which slots are printed, and how long their bars are.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "shell/histogram.h"

static char text[512];

static const char *rows(const u64 *counts, u32 slots, u32 columns)
{
	struct strbuf s = STRBUF(text);
	struct histogram h;
	if (!histogram_begin(&h, counts, slots, columns))
		return "none";
	for (u32 i = h.first; i <= h.last; i++) {
		histogram_row(&s, &h, i);
		str_putc(&s, '\n');
	}
	return text;
}

TEST(histogram_leaves_out_zeros_at_its_ends)
{
	static const u64 counts[12] = { [9] = 5, [11] = 10 }, none[4];
	check_str("   9: 5   >=  512 |#####\n"
		  "  10: 0   >= 1024 |\n"
		  "  11: 10  >= 2048 |##########\n",
		  rows(counts, 12, 29));
	check_str("none", rows(none, 4, 80));
}

TEST(histogram_has_a_bar_for_the_least_count)
{
	static const u64 counts[2] = { 1, 1000000 };
	check_str("   0: 1        >= 1 |#\n"
		  "   1: 1000000  >= 2 |##########\n",
		  rows(counts, 2, 31));
}

TEST(histogram_takes_the_greatest_numbers)
{
	static const u64 counts[64] = { [62] = ~0ull, [63] = ~0ull / 2 };
	check_str("  62: 18446744073709551615  >= 4611686018427387904 |########\n"
		  "  63: 9223372036854775807   >= 9223372036854775808 |####\n",
		  rows(counts, 64, 60));
	check(rows(counts, 64, 20)[0] == ' '); /* narrower than the numbers */
}
