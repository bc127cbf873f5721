// SPDX-License-Identifier: MIT
// tools/check-layers finds what goes up or sideways, and says nothing about what may stand.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tests/test.h"

static char dir[64], output[1024];

static bool shell(const char *command)
{
	char line[512];
	snprintf(line, sizeof(line), "cd %s && %s", dir, command);
	return system(line) == 0;
}

static bool make_tree(void)
{
	strcpy(dir, "build/layers-XXXXXX");
	return system("mkdir -p build") == 0 && mkdtemp(dir) &&
	       shell("mkdir -p kernel/lib kernel/shell vm tramp boot");
}

static void put_file(const char *path, const char *text)
{
	char full[160];
	snprintf(full, sizeof(full), "%s/%s", dir, path);
	FILE *f = fopen(full, "w");
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

static void put_include(const char *path, const char *what)
{
	char text[160];
	snprintf(text, sizeof(text), "// SPDX-License-Identifier: MIT\n#include %s\n", what);
	put_file(path, text);
}

// Runs the tool on the tree and removes it. Its verdict; what it printed is in output.
static bool layers_hold(void)
{
	char line[128];
	snprintf(line, sizeof(line), "tools/check-layers %s", dir);
	FILE *f = popen(line, "r");
	if (!f)
		return false;
	output[fread(output, 1, sizeof(output) - 1, f)] = 0;
	bool ok = pclose(f) == 0;
	shell("rm -rf kernel vm tramp boot && rmdir \"$PWD\"");
	return ok;
}

static bool refused(const char *path, const char *what)
{
	if (!make_tree())
		return false;
	put_include(path, what);
	return !layers_hold() && strncmp(output, path, strlen(path)) == 0 && strstr(output, ":2: ");
}

TEST(layers_of_this_project_hold)
{
	check_eq(0, system("tools/check-layers"));
}

TEST(layers_allow_what_goes_down)
{
	require(make_tree());
	put_include("kernel/lib/a.c", "\"kernel/lib/b.h\"");
	put_include("kernel/a.c", "\"kernel/lib/b.h\"");
	put_include("vm/a.c", "\"kernel/b.h\"");
	put_include("tramp/a.c", "\"kernel/b.h\"");
	put_include("attach/attach.c", "\"vm/b.h\"");
	put_include("kernel/main.c", "\"kernel/shell/b.h\"");
	put_include("kernel/shell/a.c", "\"attach/attach.h\"");
	put_file("boot/a.asm", "; SPDX-License-Identifier: MIT\n%include \"layout.inc\"\n");
	check(layers_hold());
	check_str("", output);
}

TEST(layers_refuse_what_goes_up_or_sideways)
{
	check(refused("kernel/lib/a.c", "\"kernel/mem/heap.h\""));
	check(refused("kernel/a.c", "\"vm/b.h\""));
	check(refused("kernel/a.h", "\"tramp/b.h\""));
	check(refused("kernel/a.c", "\"kernel/shell/b.h\""));
	check(refused("vm/a.c", "\"tramp/b.h\""));
	check(refused("tramp/a.c", "\"vm/b.h\""));
	check(refused("tramp/a.c", "\"attach/attach.h\""));
	check(refused("attach/attach.c", "\"kernel/shell/b.h\""));
	check(refused("vm/a.c", "\"tests/test.h\""));
	check(refused("boot/a.c", "\"kernel/lib/types.h\""));
}

TEST(layers_refuse_other_ways_to_name_a_header)
{
	check(refused("vm/a.c", "<stdio.h>"));
	check(refused("kernel/a.c", "\"../vm/b.h\""));
	check(refused("kernel/a.c", "\"b.h\""));
	check(refused("kernel/a.c", "\"layout.inc\""));
}

TEST(layers_name_the_line_and_the_rule)
{
	require(make_tree());
	put_include("vm/a.c", "\"tramp/b.h\"");
	check(!layers_hold());
	check_str("vm/a.c:2: \"tramp/b.h\" is in tramp; vm may include vm core lib\n", output);
}

TEST(layers_want_a_licence_in_the_first_line)
{
	require(make_tree());
	put_file("vm/a.c", "int a;\n");
	put_file("vm/b.c", "int a;\nint b;\n// SPDX-License-Identifier: MIT\n");
	check(!layers_hold());
	check_str("vm/a.c:1: no SPDX-License-Identifier: MIT in the first line\n"
		  "vm/b.c:1: no SPDX-License-Identifier: MIT in the first line\n",
		  output);
}
