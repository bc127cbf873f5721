// SPDX-License-Identifier: MIT
// The disassembler reads back every row that the encoder can write, and refuses what it cannot.
#include <stdio.h>
#include <string.h>
#include "kernel/lib/x86.h"
#include "kernel/lib/x86dis.h"
#include "tests/host/x86_rows.h"
#include "tests/test.h"

static u32 wrong;

static void read_back(const struct x86_row *row)
{
	char text[96];
	struct strbuf s = STRBUF(text);
	u8 exact[16];
	u32 len = min(row->len, (u32)sizeof(exact));
	memcpy(exact + sizeof(exact) - len, row->bytes, len); // one byte further is out of bounds
	u32 got = x86_disasm(&s, exact + sizeof(exact) - len, len, X86_ROW_IP);
	if (got == row->len && strcmp(text, row->text) == 0)
		return;
	if (wrong++ < 20)
		printf("want \"%s\" (%u bytes), got \"%s\" (%u)\n", row->text, row->len, text, got);
}

TEST(x86_disasm_reads_back_every_form)
{
	wrong = 0;
	x86_each_row(read_back);
	check_eq(0, wrong);
}
