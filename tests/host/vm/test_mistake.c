// SPDX-License-Identifier: MIT
// vm/run/mistake.c: both engines count accesses to bad addresses and remember the instruction.
#include "vm/run/mistake.h"
#include "vm/compile.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"

struct row {
	const char *text;
	u64 stores, loads;
	u32 first; /* 1 + the instruction */
};

static const struct row rows[] = {
	{ "r0 = *(u64 *)(r1 +0)\n*(u32 *)(r1 +4) = r0\nexit\n", 0, 0, 0 },
	{ "r1 = 16\nr0 = *(u8 *)(r1 +0)\nexit\n", 0, 1, 2 },
	{ "r1 = 16\nr0 = *(s16 *)(r1 +0)\nr0 = *(u32 *)(r1 +8)\nexit\n", 0, 2, 2 },
	{ "r1 = 16\n*(u8 *)(r1 +0) = r1\nr0 = 0\nexit\n", 1, 0, 2 },
	{ "r1 = 16\n*(u64 *)(r1 +0) = 7\nr0 = *(u64 *)(r1 +0)\nexit\n", 1, 1, 2 },
	{ "r0 = *(u64 *)(r1 +0)\nr1 = 16\nlock *(u64 *)(r1 +0) += r0\nexit\n", 1, 0, 3 },
	{ "r0 = 0\nr1 = 16\nr2 = 1\nr2 = atomic64_fetch_add((u64 *)(r1 +0), r2)\nexit\n", 1, 0, 4 },
	{ "r0 = 0\nr1 = 16\nr2 = 1\nr2 = atomic64_fetch_or((u64 *)(r1 +0), r2)\nexit\n", 1, 0, 4 },
	{ "r1 = 16\nr0 = load_acquire((u32 *)(r1 +0))\nexit\n", 0, 1, 2 },
	{ "r0 = 0\nr1 = 16\nstore_release((u32 *)(r1 +0), r0)\nexit\n", 1, 0, 3 },
	/* The second of two loads. */
	{ "r3 = 16\nr2 = *(u64 *)(r1 +0)\nr0 = *(u64 *)(r3 +0)\nexit\n", 0, 1, 3 },
	/* What the interpreter runs as one, and the JIT as one operand: a sum, and a load from it. */
	{ "r1 = 16\nr2 = 8\nr3 = r1\nr3 += r2\nr0 = *(u32 *)(r3 +0)\nexit\n", 0, 1, 5 },
	{ "r1 = 16\nr2 = 8\nr3 = r1\nr3 += r2\n*(u32 *)(r3 +0) = r2\nr0 = 0\nexit\n", 1, 0, 5 },
	{ "r1 = 16\nr0 = *(u64 *)(r1 +0)\nif r0 == 0x0 goto pc+1\nr0 = 1\nexit\n", 0, 1, 2 },
};

/* Compares what 3 runs have counted with 3 times the row, and what was printed. */
static void check_row(const struct row *row, enum prog_mode mode)
{
	u64 mem[2] = { 0 };
	struct prog *p = vm_load_text(NULL, row->text, mode);
	require(p);
	host_trace_clear();
	for (u32 i = 0; i < 3; i++)
		vm_call(p, mem, sizeof(mem));
	bool ok = check_eq(3 * row->stores, p->mistakes.stores) &&
		  check_eq(3 * row->loads, p->mistakes.loads) && check_eq(row->first, p->mistakes.first);
	if (!ok)
		kprintf("    %s\n%s\n", mode == PROG_JIT ? "JIT" : "interpreter", row->text);
	check_eq(row->first > 0, *host_trace() != 0); /* once, not three times */
	prog_free(p);
}

TEST(mistakes_are_counted_where_they_are_made)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++)
		for (u32 i = 0; i < array_len(rows); i++)
			check_row(&rows[i], mode);
}

TEST(mistakes_print_in_one_sentence)
{
	char text[200] = "";
	struct strbuf s = STRBUF(text);
	struct prog *p =
	    vm_load_text(NULL, "r1 = 16\n*(u8 *)(r1 +0) = r1\nr0 = *(u8 *)(r1 +0)\nexit\n", PROG_JIT);
	require(p);
	mistake_print(&s, p);
	check_str("", text);
	host_trace_clear();
	vm_call(p, NULL, 0);
	check_str("case: bad address, store dropped: insn 1; more of it is only counted\n", host_trace());
	mistake_print(&s, p);
	check_str("1 store dropped, 1 load read as 0; first at insn 1", text);
	vm_call(p, NULL, 0);
	check_str("case: bad address, store dropped: insn 1; more of it is only counted\n", host_trace());
	s = STRBUF(text);
	mistake_print(&s, p);
	check_str("2 stores dropped, 2 loads read as 0; first at insn 1", text);
	prog_free(p);
}
