// SPDX-License-Identifier: MIT
// The part of tests/cases that needs no machine: refusals, and that no opcode is forgotten.
#include "kernel/io/print.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/run/helper.h"

static void run_case(const struct vm_case *c, void *arg unused)
{
	vm_case_run(c);
}

TEST(cases_of_refusal_and_their_neighbours)
{
	vm_add_suite_helpers();
	check(vm_cases_read("tests/cases/refused.txt", run_case, NULL) >= 56);
	helper_add_table(NULL, 0);
}

/* How many accepted cases have an instruction of each row of insn.h. */
static void count_kinds(const struct vm_case *c, void *arg)
{
	u32 *counts = arg;
	bool seen[INSN_KINDS] = { false };
	for (u32 i = 0; i < c->count; i += insn_is_wide(&c->insns[i]) ? 2 : 1)
		seen[insn_kind(&c->insns[i])] = true;
	for (u32 kind = 0; kind < INSN_KINDS; kind++)
		if (seen[kind] && !c->refused)
			counts[kind] += max(c->row_count, 1u);
}

/* They name what is not in the program: functions and variables of the kernel. Tests of the loader and of the
 * machine have them. */
static bool is_outside(u32 kind)
{
	return kind == INSN_CALL_KFUNC || kind == INSN_LD_VAR;
}

TEST(cases_have_each_opcode_three_times)
{
	static const char *const files[] = { "jump",         "memory",         "programs",
					     "optimise",     "opcodes_alu",    "opcodes_div",
					     "opcodes_jump", "opcodes_memory", "opcodes_atomic",
					     "calls" };
	u32 counts[INSN_KINDS] = { 0 };
	for (u32 i = 0; i < array_len(files); i++) {
		char path[64];
		struct strbuf s = STRBUF(path);
		str_printf(&s, "tests/cases/%s.txt", files[i]);
		check(vm_cases_read(path, count_kinds, counts) > 0);
	}
	for (u32 kind = INSN_BAD + 1; kind < INSN_KINDS; kind++) {
		const struct insn_row *row = &insn_rows[kind];
		if (row->text[0] != '!' && !is_outside(kind) && !check(counts[kind] >= 3))
			kprintf("only %u cases of opcode 0x%02x, %s\n", counts[kind], row->op, row->text);
	}
}
