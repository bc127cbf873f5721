// SPDX-License-Identifier: MIT
// tools/check-order finds a tag that has no other side.
#include <stdio.h>
#include <stdlib.h>
#include "tests/test.h"

static bool accepted(const char *one, const char *other)
{
	char line[256];
	snprintf(line, sizeof(line),
		 "rm -rf build/order && mkdir -p build/order/vm build/order/boot && "
		 "echo '%s' >build/order/vm/a.h && echo '%s' >build/order/boot/a.asm",
		 one, other);
	return system(line) == 0 && system("tools/check-order build/order >/dev/null") == 0;
}

TEST(order_tags_of_this_project_have_two_sides)
{
	check_eq(0, system("tools/check-order"));
}

TEST(order_tag_without_another_side_is_found)
{
	check(accepted("/* ORDER "
		       "ROWS */",
		       "; ORDER "
		       "ROWS"));
	check(!accepted("/* ORDER "
			"ROWS */",
			""));
	check(!accepted("/* ORDER "
			"ROWS */",
			"; ORDER "
			"COLUMNS"));
}
