// SPDX-License-Identifier: MIT
// tools/check-circles, on a build of three small objects: finds a circle that is not on the list, and a
// list that is wrong.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/test.h"

static const char *const files[] = { "kernel/lib/err.c", "kernel/lib/fmt.c", "kernel/lib/mem.c" };
static char output[1024];

/* The object of file i, which defines the function 'a' + i and calls what `uses` says: in "ab ca", a calls
 * b. */
static bool make_object(const char *dir, u32 i, const char *uses)
{
	char line[512], calls[32] = "";
	u32 len = 0;
	for (const char *u = uses; *u; u += u[2] ? 3 : 2)
		if (u[0] == (char)('a' + i))
			len += (u32)sprintf(calls + len, "%c(); ", u[1]);
	snprintf(line, sizeof(line),
		 "mkdir -p %s/kernel/lib && echo 'void a(void), b(void), c(void); void %c(void) { %s}' |"
		 "gcc -x c -c -o %s/%s.o -",
		 dir, 'a' + i, calls, dir, files[i]);
	return system(line) == 0;
}

/* The tool's verdict; what it printed is in output. */
static bool circles_hold(const char *uses, const char *list)
{
	char dir[] = "build/circles-XXXXXX", line[256];
	bool made = system("mkdir -p build") == 0 && mkdtemp(dir);
	for (u32 i = 0; i < array_len(files); i++)
		made = made && make_object(dir, i, uses);
	snprintf(line, sizeof(line), "printf '%%s' '%s' >%s/list && tools/check-circles %s %s/list", list,
		 dir, dir, dir);
	FILE *f = made ? popen(line, "r") : NULL;
	if (!f)
		return false;
	output[fread(output, 1, sizeof(output) - 1, f)] = 0;
	bool ok = pclose(f) == 0;
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line) == 0 && ok;
}

static bool refused(const char *uses, const char *list, const char *what)
{
	return !circles_hold(uses, list) && strstr(output, what);
}

TEST(circles_allow_what_has_an_order)
{
	check(circles_hold("ab ac bc", ""));
	check_str("", output);
}

TEST(circles_refuse_files_that_call_each_other)
{
	check(refused("ab ba", "",
		      "does not have:\n  kernel/lib/err.c uses kernel/lib/fmt.c: b\n"
		      "  kernel/lib/fmt.c uses kernel/lib/err.c: a\n"));
	check(refused("ab bc ca", "", "  kernel/lib/mem.c uses kernel/lib/err.c: a\n"));
}

TEST(circles_allow_those_of_the_list)
{
	check(circles_hold("ab ba bc", "# a comment\nkernel/lib/err.c kernel/lib/fmt.c: a reason\n"));
	check_str("", output);
}

/* b and c would have an order without the listed circle. */
TEST(circles_refuse_one_that_passes_through_one_of_the_list)
{
	check(refused("ab ba bc ca", "kernel/lib/err.c kernel/lib/fmt.c: a reason\n",
		      "  kernel/lib/fmt.c uses kernel/lib/mem.c: c\n"));
}

TEST(circles_refuse_a_list_that_says_too_much)
{
	check(refused("ab ba", "kernel/lib/err.c kernel/lib/fmt.c:\n", ": no reason: "));
	check(refused("ab ba", "kernel/lib/err.c kernel/lib/fmt.c kernel/lib/mem.c: a reason\n",
		      ": kernel/lib/mem.c is in no circle with the others of its line\n"));
	check(refused("ab bc", "kernel/lib/err.c kernel/lib/fmt.c: a reason\n",
		      "kernel/lib/fmt.c is in no circle"));
	check(refused("ab ba", "a b c d e f g h i j k l m: a reason\n", ": 13 files, more than twelve: "));
	check(refused("ab ba", "a:r\nb:r\nc:r\nd:r\ne:r\n", ": 5 circles, more than four\n"));
}

TEST(circles_refuse_a_build_without_objects)
{
	check(system("tools/check-circles build/nothing >/dev/null") != 0);
}
