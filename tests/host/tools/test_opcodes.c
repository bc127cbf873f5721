// SPDX-License-Identifier: MIT
// tools/check-opcodes finds an opcode that is written as a number.
#include <stdio.h>
#include <stdlib.h>
#include "tests/test.h"

static bool accepted(const char *path, const char *line)
{
	char full[64];
	if (system("rm -rf build/opcodes && mkdir -p build/opcodes/vm build/opcodes/tests"))
		return false;
	snprintf(full, sizeof(full), "build/opcodes/%s", path);
	FILE *f = fopen(full, "w");
	if (!f)
		return false;
	fprintf(f, "%s\n", line);
	fclose(f);
	return system("tools/check-opcodes build/opcodes >/dev/null") == 0;
}

TEST(opcodes_of_this_project_have_names)
{
	check_eq(0, system("tools/check-opcodes"));
}

TEST(opcodes_that_are_numbers_are_found)
{
	check(!accepted("vm/a.c", "	if (in->op == 0x95)"));
	check(!accepted("vm/a.c", "	if ((in[1].op & 0xf0) == 0xb0)"));
	check(!accepted("vm/a.h", "	return opcode_of(op) != 0xd4;"));
	check(!accepted("vm/a.c", "	case 0x20: return a * b;"));
	check(!accepted("vm/a.c", "	[0x4] = ROW(or),"));
	check(!accepted("tests/a.c", "	add(t, (struct insn){ .op = 0x95 });"));
	check(!accepted("tests/a.c", "	add(t, (struct insn){ 0x18, .dst = 1 });"));
}

TEST(opcodes_with_names_pass)
{
	check(accepted("vm/a.c", "	if (in->op == OPCODE_EXIT && op->imm == 0xff)"));
	check(accepted("vm/a.c", "	case ALU_MUL: return a * b;"));
	check(accepted("vm/a.c", "	if (idx > 0 && in->op == 0)"));
	check(accepted("vm/insn.h", "	return in->op & 0x80;"));
}
