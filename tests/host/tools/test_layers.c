// SPDX-License-Identifier: MIT
// tools/check-layers reports includes that go up or sideways, and no others.
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
	return system("mkdir -p build") == 0 && mkdtemp(dir);
}

static void put_file(const char *path, const char *text)
{
	char full[160];
	snprintf(full, sizeof(full), "mkdir -p $(dirname %s)", path);
	if (!shell(full))
		return;
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
	shell("rm -rf \"$PWD\"");
	return ok;
}

static bool allowed(const char *path, const char *what)
{
	if (!make_tree())
		return false;
	put_include(path, what);
	return layers_hold() && !*output;
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

/* Each row of the tool's table: one case just inside, and one just outside. */
/* clang-format off */
static const struct {
	const char *path, *may, *may_not;
} rows[] = {
	{ "kernel/lib/a.c",      "\"kernel/lib/b.h\"",       "\"kernel/mem/b.h\"" },
	{ "kernel/cpu/a.c",      "\"kernel/lib/b.h\"",       "\"tramp/text/b.h\"" },
	{ "kernel/mem/a.c",      "\"kernel/cpu/b.h\"",       "\"vm/b.h\"" },
	{ "kernel/sched/a.c",    "\"kernel/mem/b.h\"",       "\"attach/b.h\"" },
	{ "kernel/io/a.c",       "\"kernel/sched/b.h\"",     "\"shell/b.h\"" },
	{ "kernel/trace/a.c",    "\"kernel/io/b.h\"",        "\"tramp/b.h\"" },
	{ "kernel/net/a.c",      "\"kernel/trace/b.h\"",     "\"vm/run/b.h\"" },
	{ "tramp/text/a.c",      "\"kernel/mem/b.h\"",       "\"tramp/b.h\"" },
	{ "tramp/a.c",           "\"tramp/text/b.h\"",       "\"tramp/ftrace/b.h\"" },
	{ "tramp/ftrace/a.c",    "\"tramp/b.h\"",            "\"tramp/kprobe/b.h\"" },
	{ "tramp/kprobe/a.c",    "\"tramp/ftrace/b.h\"",     "\"attach/b.h\"" },
	{ "vm/a.c",              "\"kernel/lib/b.h\"",       "\"vm/run/b.h\"" },
	{ "vm/run/a.c",          "\"vm/b.h\"",               "\"vm/verify/b.h\"" },
	{ "vm/verify/a.c",       "\"vm/run/b.h\"",           "\"vm/load/b.h\"" },
	{ "vm/interp/a.c",       "\"vm/run/b.h\"",           "\"vm/compile.h\"" },
	{ "vm/jit/a.c",          "\"vm/run/b.h\"",           "\"vm/compile.h\"" },
	{ "vm/jit/x86_64/a.c",   "\"vm/jit/b.h\"",           "\"vm/object.h\"" },
	{ "vm/compile.c",        "\"vm/interp/b.h\"",        "\"vm/object.h\"" },
	{ "vm/object.c",         "\"vm/compile.h\"",         "\"vm/load/b.h\"" },
	{ "vm/disasm.c",         "\"vm/object.h\"",          "\"vm/load/b.h\"" },
	{ "vm/load/a.c",         "\"vm/object.h\"",          "\"attach/b.h\"" },
	{ "attach/a.c",          "\"tramp/kprobe/b.h\"",     "\"shell/b.h\"" },
	{ "attach/b.c",          "\"vm/load/b.h\"",          "\"tests/test.h\"" },
	{ "shell/a.c",           "\"attach/b.h\"",           "\"progs/b.h\"" },
	{ "kernel/main.c",       "\"shell/b.h\"",            "\"progs/b.h\"" },
};
/* clang-format on */

TEST(layers_allow_what_goes_down)
{
	for (u32 i = 0; i < array_len(rows); i++)
		check_str("", allowed(rows[i].path, rows[i].may) ? "" : rows[i].path);
	check(allowed("progs/a.c", "\"vmlinux.h\""));
	check(allowed("tests/a.c", "\"shell/b.h\""));
	check(allowed("tools/a.c", "<stdio.h>"));
	require(make_tree());
	put_file("boot/a.asm", "; SPDX-License-Identifier: MIT\n%include \"layout.inc\"\n");
	check(layers_hold());
}

TEST(layers_refuse_what_goes_up)
{
	for (u32 i = 0; i < array_len(rows); i++)
		check_str("", refused(rows[i].path, rows[i].may_not) ? "" : rows[i].path);
	check(refused("boot/a.c", "\"kernel/lib/types.h\""));
}

TEST(layers_refuse_what_goes_sideways)
{
	check(refused("vm/a.c", "\"tramp/b.h\""));
	check(refused("tramp/a.c", "\"vm/b.h\""));
	static const char *const parts[] = { "verify", "interp", "jit" };
	for (u32 from = 0; from < array_len(parts); from++)
		for (u32 to = 0; to < array_len(parts); to++) {
			char path[32], what[32];
			snprintf(path, sizeof(path), "vm/%s/a.c", parts[from]);
			snprintf(what, sizeof(what), "\"vm/%s/b.h\"", parts[to]);
			check(from == to ? allowed(path, what) : refused(path, what));
		}
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
	check_str("vm/a.c:2: \"tramp/b.h\" is in tramp; vm may include vm kernel kernel/lib\n", output);
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
