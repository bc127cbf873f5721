// SPDX-License-Identifier: MIT
// tools/list-inlined, on two files with functions of the same name: only copies of the function that has no code of
// its own are listed.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "kernel/lib/mem.h"
#include "tests/test.h"

#define INLINE "static inline __attribute__((always_inline)) int "

static const char *const files[] = {
	INLINE "leaf(int x) { __asm__ volatile(\"\" : \"+r\"(x)); return x; }\n" INLINE
	       "same(int x) { return leaf(x); }\n" INLINE "kept(int x) { return leaf(x); }\n"
	       "int f4(int x) { return leaf(x); }\n"
	       "int f3(int x) { return same(x); }\n"
	       "int f2(int x) { return kept(x) + leaf(x); }\n"
	       "int (*address(void))(int) { return kept; }\n"
	       "int f1(int x) { return leaf(leaf(x)); }\n",
	"int c;\n\n\n\nint same(int x) { c += x; return x; }\n",
};

/* Compiles files[0 .. count) to one ELF file, and returns what the tool prints about it. */
static const char *listed(u32 count)
{
	static char output[512];
	char dir[] = "build/inlined-XXXXXX", line[512], name[64];
	if (system("mkdir -p build") || !mkdtemp(dir))
		return "no folder";
	for (u32 i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%u.c", dir, i);
		FILE *source = fopen(name, "w");
		fputs(files[i], source);
		fclose(source);
	}
	snprintf(line, sizeof(line),
		 "gcc -g -O2 -fno-ipa-icf -nostdlib -static -Wl,-e,f1 -o %s/elf %s/*.c && tools/list-inlined "
		 "readelf %s/elf; "
		 "rm -r %s",
		 dir, dir, dir, dir);
	FILE *f = popen(line, "r");
	output[fread(output, 1, sizeof(output) - 1, f)] = 0;
	pclose(f);
	return output;
}

/* kept has code, too, since its address is taken. leaf was also inlined into that. */
TEST(inlined_names_those_that_hold_the_copies)
{
	check_str("kept: f2\nleaf: f1, f2, f3 and 2 more\nsame: f3\n", listed(1));
}

TEST(inlined_leaves_out_another_function_of_the_same_name)
{
	check_str("kept: f2\nleaf: f1, f2, f3 and 2 more\n", listed(2));
}
