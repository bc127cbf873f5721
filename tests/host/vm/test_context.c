// SPDX-License-Identifier: MIT
// vm/verify/typed.c: which slots of its context a program reads; never fewer than it does read.
#include "vm/compile.h"
#include "vm/object.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "tests/host/vm_asm.h"
#include "vm/verify/verify.h"

#define ALL (~0ull)

static u64 reads_of(const char *text)
{
	char why[256] = "";
	struct strbuf log = STRBUF(why);
	struct insn insns[32];
	struct prog p = { .name = "reads", .section = "raw_tp", .target = "", .type = PROG_RAW_TP };
	p.insns = insns;
	p.insn_count = vm_asm(insns, array_len(insns), text);
	enum err e = prog_verify(&p, &log);
	kfree(p.taken);
	kfree(p.proven);
	return check_str("", why) && e == OK ? p.facts.reads : 0xbad;
}

struct row {
	u64 reads;
	const char *text;
};

/* clang-format off */
static const struct row plain[] = {
	{ 0, "r0 = 0\nexit" },
	{ 1, "r0 = *(u64 *)(r1 +0)\nexit" },
	{ 1 << 2, "r0 = *(u8 *)(r1 +23)\nexit" },
	{ 1 << 11, "r0 = *(u64 *)(r1 +88)\nexit" },
	{ 1 << 1, "r6 = r1\nr1 = 5\nr0 = *(u64 *)(r6 +8)\nexit" },
	{ 1 << 1, "r1 = *(u64 *)(r1 +8)\nr0 = r1\nexit" },
	{ 0, "r2 = r1\nr0 = 0\nexit" },
	{ 0, "call bpf_get_current_pid_tgid#14\nexit" },
};

/* It is followed to the stack and into functions; else the answer is all. */
static const struct row escapes[] = {
	{ 1 << 1, "*(u64 *)(r10 -8) = r1\nr2 = *(u64 *)(r10 -8)\nr0 = *(u64 *)(r2 +8)\nexit" },
	{ 1 << 1, "call pc+1\nexit\nr0 = *(u64 *)(r1 +8)\nexit" },
	{ ALL, "w2 = w1\nr0 = r2\nexit" },
	{ ALL, "r1 -= r10\nr0 = r1\nexit" },
	{ ALL, "r3 = r1\nr1 = r10\nr1 += -8\nr2 = 8\ncall bpf_probe_read_kernel#113\nr0 = 0\nexit" },
	{ 0, "r3 = r1\nr1 = 0\nr2 = 0\ncall bpf_ktime_get_ns#5\nexit" }, /* which reads no register */
};

static const struct row paths[] = {
	/* either, or both */
	{ 1 << 2 | 1 << 1, "r2 = *(u64 *)(r1 +16)\nif r2 == 0x0 goto pc+2\nr0 = r2\nexit\nr0 = *(u64 *)(r1 +8)\nexit" },
	/* a loop that leaves it alone; the way back comes after the read */
	{ 1 << 2, "r6 = r1\nr0 = 5\nr2 = *(u64 *)(r6 +16)\nr0 += -1\nif r0 != 0x0 goto pc-3\nexit" },
	/* no path comes there */
	{ 0, "r0 = 0\nif r0 == 0x0 goto pc+1\nr0 = *(u64 *)(r1 +0)\nexit" },
	/* a wide immediate on the way */
	{ 1, "r2 = 0x123456789\nr0 = *(u64 *)(r1 +0)\nexit" },
};

/* Helpers find out at run time which words the frame has. */
static const struct row frames[] = {
	{ 0, "r2 = 3\nr3 = r10\nr3 += -8\ncall bpf_get_func_arg#183\nexit" },
	{ 0, "r2 = r10\nr2 += -8\ncall bpf_get_func_ret#184\nexit" },
	{ 0, "call bpf_get_func_arg_cnt#185\nexit" },
	{ 0, "r6 = r1\ncall bpf_get_func_ip#173\nr1 = r6\ncall bpf_get_attach_cookie#174\nexit" },
	{ 1 << 1, "r6 = r1\nr2 = r10\nr2 += -8\ncall bpf_get_func_ret#184\nr0 = *(u64 *)(r6 +8)\nexit" },
};
/* clang-format on */

static void check_rows(const struct row *rows, u32 count)
{
	for (u32 i = 0; i < count; i++)
		if (!check_eq(rows[i].reads, reads_of(rows[i].text)))
			check_str("", rows[i].text);
}

TEST(context_reads_of_straight_programs)
{
	check_rows(plain, array_len(plain));
}

TEST(context_that_escapes_is_read_whole)
{
	check_rows(escapes, array_len(escapes));
}

TEST(context_reads_of_all_paths_count)
{
	check_rows(paths, array_len(paths));
}

TEST(context_reads_of_frame_helpers)
{
	check_rows(frames, array_len(frames));
}

/* As people write programs, BPF_PROG and all. */
TEST(context_reads_of_programs_by_clang)
{
	struct object *o = load_object("build/tests/reads.bpf.o", PROG_JIT);
	require(o);
	check_eq(0, prog_named("none")->facts.reads);
	check_eq(1 << 1, prog_named("second_of_three")->facts.reads);
	check_eq(1 << 0 | 1 << 2, prog_named("across_calls")->facts.reads);
	check_eq(1 << 1, prog_named("result")->facts.reads);
	check_eq(0, prog_named("by_number")->facts.reads);
	object_unload(o);
}

TEST(dead_code_is_not_compiled)
{
	struct object *o = load_object("build/tests/dead.bpf.o", PROG_JIT);
	require(o);
	check_eq(prog_named("some")->insn_count, prog_named("never")->insn_count);
	check(prog_named("never")->text.len + 30 < prog_named("some")->text.len);
	object_unload(o);
}
