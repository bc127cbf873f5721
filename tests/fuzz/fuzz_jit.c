// SPDX-License-Identifier: MIT
// Generated programs, in the interpreter and as machine code, which must leave the same in R0, registers,
// memory and stack. Each as the JIT does it by default and in a second way, with some of its tricks off, that
// the input chooses. Its first 8 bytes, of which the generator takes two, say which.
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gen.h"
#include "tests/host/vm_run.h"
#include "vm/op.h"

enum { TRICKS_AT = 4 }; /* in the input: 32 bits, of which one in two is off */

static struct insn insns[GEN_INSNS_MAX];

struct result {
	u64 r0;
	u8 mem[GEN_MEM] __attribute__((aligned(16)));
};

void fuzz_begin(void) {}

void fuzz_show(const u8 *bytes, size_t len)
{
	u8 mem[GEN_MEM];
	u32 count = gen_program(insns, bytes, len);
	gen_memory(mem);
	fuzz_show_program(insns, count, mem, GEN_MEM);
}

/* A file has no meaning here, but its bytes are as good as others. */
void fuzz_seeds(const u8 *file, size_t len)
{
	for (size_t at = 0; at < len; at += 256)
		fuzz_keep(file + at, min(len - at, (size_t)256));
}

static struct prog *load(u32 count, enum prog_mode mode)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	struct prog *p;
	if (prog_load_raw(&p, "raw", insns, count, mode, &log))
		fuzz_found("a generated program is refused: %s", text);
	return p;
}

static void run(struct result *result, u32 count, enum prog_mode mode)
{
	struct prog *p = load(count, mode);
	gen_memory(result->mem);
	result->r0 = vm_call(p, result->mem, GEN_MEM);
	prog_free(p);
}

static void show_difference(const struct result *want, const struct result *got)
{
	kprintf("r0: 0x%llx, not 0x%llx\n", want->r0, got->r0);
	for (u32 i = 0; i < GEN_MEM; i += 8) {
		u64 a, b;
		memcpy(&a, want->mem + i, 8);
		memcpy(&b, got->mem + i, 8);
		if (a != b)
			kprintf("memory %u: 0x%llx, not 0x%llx\n", i, a, b);
	}
}

static void compare(const struct result *want, u32 count, u32 tricks_off)
{
	static struct result got;
	op_tricks_off = tricks_off;
	run(&got, count, PROG_JIT);
	op_tricks_off = 0;
	if (want->r0 == got.r0 && !memcmp(want->mem, got.mem, GEN_MEM))
		return;
	show_difference(want, &got);
	fuzz_found("machine code differs from the interpreter, with tricks 0x%x off", tricks_off);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	static struct result want;
	u32 count = gen_program(insns, bytes, len), tricks_off = ~0u;
	u64 before = fuzz_heap();
	if (len >= 8)
		memcpy(&tricks_off, bytes + TRICKS_AT, sizeof(tricks_off));
	run(&want, count, PROG_INTERPRET);
	compare(&want, count, 0);
	compare(&want, count, tricks_off);
	if (fuzz_heap() != before)
		fuzz_found("%llu bytes are left on the heap", fuzz_heap() - before);
	return 0;
}
