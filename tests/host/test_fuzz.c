// SPDX-License-Identifier: MIT
// Programs of tests/fuzz/gen.c, made from random bytes, which the interpreter and machine code must agree on:
// result and memory. FUZZ_SEED and FUZZ_ROUNDS in the environment make it another or a longer run.
#include <stdlib.h>
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/fuzz/gen.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/disasm.h"
#include "vm/helper.h"

static struct insn insns[GEN_INSNS_MAX];

static u32 make_program(u64 seed)
{
	u8 bytes[8 * 64];
	u64 random = seed * 0x9e3779b97f4a7c15ull;
	for (u32 i = 0; i < sizeof(bytes); i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = (u8)(random >> 56);
	}
	return gen_program(insns, bytes, 8 * (1 + random % 64));
}

static bool run(u32 count, enum prog_mode mode, u8 *mem, u64 *r0)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	gen_memory(mem);
	if (check_eq(OK, vm_run(insns, count, mode, mem, GEN_MEM, r0, &log)))
		return true;
	kprintf("%s\n", text);
	return false;
}

static void show(u32 count)
{
	for (u32 i = 0; i < count; i++) {
		char text[128];
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &insns[i]);
		kprintf("%4u: %s\n", i, text);
		i += insn_is_wide(&insns[i]);
	}
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : otherwise;
}

TEST(fuzz_interpreter_and_jit_agree)
{
	u64 seed = setting("FUZZ_SEED", 1), rounds = setting("FUZZ_ROUNDS", 400);
	u8 *mem = kmalloc(GEN_MEM), want[GEN_MEM];
	vm_add_suite_helpers();
	for (u64 end = seed + rounds; seed < end; seed++) {
		u64 r0[2] = { 0, 1 };
		u32 count = make_program(seed);
		bool ok = run(count, PROG_INTERPRET, mem, &r0[0]);
		memcpy(want, mem, GEN_MEM);
		ok = ok && run(count, PROG_JIT, mem, &r0[1]) && check_eq(r0[0], r0[1]) &&
		     check(!memcmp(want, mem, GEN_MEM));
		if (!ok) {
			kprintf("program of seed %llu:\n", seed);
			show(count);
			break;
		}
	}
	helper_add_table(NULL, 0);
	kfree(mem);
}
