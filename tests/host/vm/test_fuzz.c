// SPDX-License-Identifier: MIT
// Programs made from random bytes. For those of tests/fuzz/gen.c, the interpreter and machine code must agree
// on result and memory; those of tests/fuzz/dense.c must do what the model does. FUZZ_SEED and FUZZ_ROUNDS in
// the environment choose another seed and the number of programs.
#include <stdlib.h>
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/fuzz/dense.h"
#include "tests/fuzz/gen.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/disasm.h"
#include "vm/run/helper.h"
#include "vm/jit/op.h"

static struct insn insns[GEN_INSNS_MAX];

/* The next random number from what they were made of. */
static u64 fill(u8 *bytes, u32 len, u64 seed)
{
	u64 random = seed * 0x9e3779b97f4a7c15ull;
	for (u32 i = 0; i < len; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = (u8)(random >> 56);
	}
	return random;
}

static u32 make_program(u64 seed)
{
	u8 bytes[8 * 64];
	u64 random = fill(bytes, sizeof(bytes), seed);
	return gen_program(insns, bytes, 8 * (1 + random % 64));
}

static bool run(struct gen_result *r, u32 count, enum prog_mode mode, u32 tricks_off)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	op_tricks_off = tricks_off;
	enum err e = gen_run(r, insns, count, mode, &log);
	op_tricks_off = 0;
	if (check_eq(OK, e))
		return true;
	kprintf("%s\n", text);
	return false;
}

static void show(const struct insn *p, u32 count)
{
	for (u32 i = 0; i < count; i++) {
		char text[128];
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &p[i]);
		kprintf("%4u: %s\n", i, text);
		i += insn_is_wide(&p[i]);
	}
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Whether machine code leaves what the interpreter did. */
static bool agrees(const struct gen_result *want, u32 count, u32 tricks_off)
{
	static struct gen_result got;
	if (run(&got, count, PROG_JIT, tricks_off) && check_eq(want->r0, got.r0) &&
	    check(!memcmp(want, &got, sizeof(got))))
		return true;
	kprintf("with tricks 0x%x off\n", tricks_off);
	return false;
}

TEST(fuzz_interpreter_and_jit_agree)
{
	static struct gen_result want;
	u64 seed = setting("FUZZ_SEED", 1), rounds = setting("FUZZ_ROUNDS", 400);
	vm_add_suite_helpers();
	for (u64 end = seed + rounds; seed < end; seed++) {
		u32 count = make_program(seed), some = (u32)(seed * 0x9e3779b9);
		bool ok = run(&want, count, PROG_INTERPRET, 0) && agrees(&want, count, 0) &&
			  agrees(&want, count, ~0u) && agrees(&want, count, some);
		if (!ok) {
			kprintf("program of seed %llu:\n", seed);
			show(insns, count);
			break;
		}
	}
	helper_add_table(NULL, 0);
}

/* Most of what is wrong between two instructions is met within some thousands of them. */
TEST(fuzz_dense_programs_do_what_the_model_does)
{
	static struct dense d;
	u8 bytes[DENSE_BYTES_MAX];
	char text[256];
	u64 seed = setting("FUZZ_SEED", 1), rounds = setting("FUZZ_ROUNDS", 10000);
	for (u64 end = seed + rounds; seed < end; seed++) {
		struct strbuf log = STRBUF(text);
		fill(bytes, sizeof(bytes), seed);
		dense_make(&d, bytes, sizeof(bytes));
		op_tricks_off = seed % 4 ? 0 : (u32)(seed * 0x9e3779b9);
		bool ok = check_eq(OK, dense_run(&d, &log));
		if (!ok) {
			kprintf("program of seed %llu, with tricks 0x%x off: %s\n", seed, op_tricks_off,
				text);
			show(d.insns, d.count);
			break;
		}
	}
	op_tricks_off = 0;
}
