// SPDX-License-Identifier: MIT
// Generated programs, in the interpreter and as machine code, which must leave the same in R0, registers,
// memory, stack and maps. Each as the JIT does it by default and in a second way, with some of its tricks off, that
// the input chooses. Its first 8 bytes, of which the generator takes three, say which.
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gen.h"
#include "vm/op.h"

enum { TRICKS_AT = 4 }; /* in the input: 32 bits, of which one in two is off */

static struct insn insns[GEN_INSNS_MAX];

void fuzz_begin(void) {}

/* A file has no meaning here, but its bytes are as good as others. */
void fuzz_seeds(const u8 *file, size_t len)
{
	for (size_t at = 0; at < len; at += 256)
		fuzz_keep(file + at, min(len - at, (size_t)256));
}

static void run(struct gen_result *r, u32 count, enum prog_mode mode)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	if (gen_run(r, insns, count, mode, &log))
		fuzz_found("a generated program is refused: %s", text);
}

static void show_difference(const struct gen_result *want, const struct gen_result *got)
{
	const u64 *a = (const u64 *)want, *b = (const u64 *)got;
	for (u32 i = 0; i < sizeof(*want) / sizeof(*a); i++)
		if (a[i] != b[i])
			kprintf("%s %u: 0x%llx, not 0x%llx\n", i ? "word" : "r0", i ? i - 1 : 0, a[i], b[i]);
}

static void compare(const struct gen_result *want, u32 count, u32 tricks_off)
{
	static struct gen_result got;
	op_tricks_off = tricks_off;
	run(&got, count, PROG_JIT);
	op_tricks_off = 0;
	if (!memcmp(want, &got, sizeof(got)))
		return;
	show_difference(want, &got);
	fuzz_found("machine code differs from the interpreter, with tricks 0x%x off", tricks_off);
}

static u32 tricks_off_by(const u8 *bytes, size_t len)
{
	u32 tricks_off = ~0u;
	if (len >= 8)
		memcpy(&tricks_off, bytes + TRICKS_AT, sizeof(tricks_off));
	return tricks_off;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	static struct gen_result want;
	u32 count = gen_program(insns, bytes, len), tricks_off = tricks_off_by(bytes, len);
	u64 before = fuzz_heap();
	run(&want, count, PROG_INTERPRET);
	compare(&want, count, 0);
	compare(&want, count, tricks_off);
	if (fuzz_heap() != before)
		fuzz_found("%llu bytes are left on the heap", fuzz_heap() - before);
	return 0;
}

/* ---- what is shown ---- */

static u32 shown_tricks_off;

/* Whether it differs, and means something: what it gives by interpreter does not depend on where its memory
 * lies. */
static bool differs(const struct insn *p, u32 count)
{
	static struct gen_result want, got, elsewhere;
	char text[256];
	struct strbuf log = STRBUF(text);
	if (gen_run(&want, p, count, PROG_INTERPRET, &log) ||
	    gen_run(&elsewhere, p, count, PROG_INTERPRET, &log) || memcmp(&want, &elsewhere, sizeof(want)))
		return false;
	op_tricks_off = shown_tricks_off;
	return !gen_run(&got, p, count, PROG_JIT, &log) && memcmp(&want, &got, sizeof(want));
}

/* Switches on again what does not matter. */
static void shrink_tricks(u32 count)
{
	for (u32 i = 0; i < 32; i++) {
		u32 before = shown_tricks_off;
		shown_tricks_off &= ~(1u << i);
		if (!fuzz_try(insns, count, differs))
			shown_tricks_off = before;
	}
}

void fuzz_show(const u8 *bytes, size_t len)
{
	const u32 ways[] = { 0, tricks_off_by(bytes, len) };
	u32 count = gen_program(insns, bytes, len);
	for (u32 i = 0; i < array_len(ways); i++) {
		shown_tricks_off = ways[i];
		if (!fuzz_try(insns, count, differs))
			continue;
		count = fuzz_shrink(insns, count, differs);
		shrink_tricks(count);
		kprintf("# with tricks 0x%x off\n", shown_tricks_off);
		break;
	}
	fuzz_show_program(insns, count, NULL, 0);
}
