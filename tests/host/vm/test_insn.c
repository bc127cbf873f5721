// SPDX-License-Identifier: MIT
// The table of instructions: it has every instruction of RFC 9669, and its columns agree with each other.
#include "tests/test.h"
#include "vm/insn.h"

static struct insn example(u32 kind)
{
	const struct insn_row *row = &insn_rows[kind];
	struct insn in = { .op = row->op };
	if (row->key == OFF)
		in.off = row->value;
	if (row->key == IMM)
		in.imm = row->value;
	if (row->key == SRC)
		in.src = row->value & 15;
	return in;
}

TEST(insn_every_row_is_found_again)
{
	for (u32 kind = INSN_BAD + 1; kind < INSN_KINDS; kind++) {
		struct insn in = example(kind);
		check_eq(kind, insn_kind(&in));
	}
}

TEST(insn_values_in_no_row_are_bad)
{
	const struct insn bad[] = {
		{ .op = 0xff },              /* no such code */
		{ .op = 0x04 | 0xe0 },       /* ALU 14 */
		{ .op = 0x34, .off = 2 },    /* neither unsigned nor signed */
		{ .op = 0xbc, .off = 32 },   /* 32-bit movsx from 32 bits */
		{ .op = 0xd4, .imm = 8 },    /* swap of 8 bits */
		{ .op = 0xdf },              /* END of ALU64 with the source bit */
		{ .op = 0xdb, .imm = 0xe0 }, /* xchg without fetch */
		{ .op = 0xcb, .imm = 0 },    /* 16-bit atomic */
		{ .op = 0x85, .src = 3 },    /* call of a fourth kind */
		{ .op = 0x18, .src = 7 },    /* immediate of an eighth kind */
		{ .op = 0x99 },              /* 64-bit load with sign extension */
	};
	for (u32 i = 0; i < array_len(bad); i++)
		check_eq(INSN_BAD, insn_kind(&bad[i]));
}

/* Counted from the tables of RFC 9669, section 4 and 5. */
TEST(insn_table_has_all_of_the_rfc)
{
	u32 by_class[8] = { 0 };
	for (u32 kind = INSN_BAD + 1; kind < INSN_KINDS; kind++)
		by_class[insn_rows[kind].op & 7]++;
	check_eq(7 + 6, by_class[CLASS_LD]); /* wide immediates, legacy packet access */
	check_eq(4 + 3, by_class[CLASS_LDX]);
	check_eq(4, by_class[CLASS_ST]);
	check_eq(4 + 2 * 10 + 4 * 2, by_class[CLASS_STX]);
	check_eq(12 * 2 + 2 * 2 + 1 + 2 + 6, by_class[CLASS_ALU32]);
	check_eq(12 * 2 + 2 * 2 + 1 + 3 + 3, by_class[CLASS_ALU64]);
	check_eq(11 * 2 + 1 + 5, by_class[CLASS_JMP]);
	check_eq(11 * 2 + 1, by_class[CLASS_JMP32]);
}

TEST(insn_uses_follow_from_the_text)
{
	check_eq(USES_DST | USES_IMM, insn_uses(INSN_ADD64_K));
	check_eq(USES_DST | USES_SRC | USES_OFF, insn_uses(INSN_MOVSX64_8));
	check_eq(USES_DST | USES_OFF | USES_IMM, insn_uses(INSN_JEQ64_K));
	check_eq(USES_DST | USES_SRC | USES_OFF | USES_IMM, insn_uses(INSN_ATOMIC_CMPXCHG64));
	check_eq(USES_DST, insn_uses(INSN_NEG32));
	check_eq(0, insn_uses(INSN_EXIT));
}

TEST(insn_writes_what_the_rfc_says)
{
	struct insn in = { .op = 0xdb, .dst = 3, .src = 4 };
	in.imm = 0x00, check_eq(0, insn_writes(&in));
	in.imm = 0x01, check_eq(1 << 4, insn_writes(&in));
	in.imm = 0xe1, check_eq(1 << 4, insn_writes(&in));
	in.imm = 0xf1, check_eq(1 << 0, insn_writes(&in));
	in = (struct insn){ .op = 0x85 };
	check_eq(0x3f, insn_writes(&in));
	in = (struct insn){ .op = 0x7b, .dst = 1, .src = 2 };
	check_eq(0, insn_writes(&in));
	in = (struct insn){ .op = 0x79, .dst = 1, .src = 2 };
	check_eq(1 << 1, insn_writes(&in));
}
