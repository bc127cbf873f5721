// SPDX-License-Identifier: MIT
// How wide text is and whether it has colours. What tables make of it is in tests/e2e/looks.sh.
#include "tests/test.h"
#include "shell/style.h"

TEST(style_has_no_colours_before_it_is_told)
{
	check(!style_is_coloured());
	check_str("", style(STYLE_REASON));
	check_str("", style_end());
	check_eq(80, style_columns());
}

TEST(style_takes_columns_within_limits)
{
	static const u32 given_wanted[][2] = { { 0, 20 },    { 19, 20 },   { 20, 20 },  { 60, 60 },
					       { 400, 400 }, { 401, 400 }, { ~0u, 400 } };
	for (u32 i = 0; i < array_len(given_wanted); i++) {
		style_set(true, given_wanted[i][0]);
		check_eq(given_wanted[i][1], style_columns());
		check_str("\x1b[36m", style(STYLE_NAME));
	}
	style_set(false, 80);
	check_str("", style(STYLE_NAME));
}
