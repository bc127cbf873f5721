// SPDX-License-Identifier: MIT
// Generated programs, in the interpreter and as machine code, which must leave the same in R0, registers,
// memory, stack and maps. Each as the JIT does it by default and in a second way, with some of its tricks off, that
// the input chooses. Its first 8 bytes, of which the generator takes three, say which.
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gen.h"
#include "vm/jit_x86_64.h"
#include "vm/op.h"

enum { WAY_AT = 3, TRICKS_AT = 4 }; /* in the input: 8 bits; 32 bits */

/* How code is made: with tricks off, and with or without BMI2. */
struct way {
	u32 tricks_off;
	bool without_bmi2;
};

static struct insn insns[GEN_INSNS_MAX];

void fuzz_begin(void) {}

/* A file has no meaning here, but its bytes are as good as others. */
void fuzz_seeds(const u8 *file, size_t len)
{
	for (size_t at = 0; at < len; at += 256)
		fuzz_keep(file + at, min(len - at, (size_t)256));
}

static void run_interpreter(struct gen_result *r, u32 count)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	if (gen_run(r, insns, count, PROG_INTERPRET, &log))
		fuzz_found("a generated program is refused: %s", text);
}

static void show_difference(const struct gen_result *want, const struct gen_result *got)
{
	const u64 *a = (const u64 *)want, *b = (const u64 *)got;
	for (u32 i = 0; i < sizeof(*want) / sizeof(*a); i++)
		if (a[i] != b[i])
			kprintf("%s %u: 0x%llx, not 0x%llx\n", i ? "word" : "r0", i ? i - 1 : 0, a[i], b[i]);
}

static enum err run_jit(struct gen_result *r, const struct insn *p, u32 count, const struct way *w,
			struct strbuf *log)
{
	bool had_bmi2 = jit_has_bmi2;
	op_tricks_off = w->tricks_off;
	jit_has_bmi2 &= !w->without_bmi2;
	enum err e = gen_run(r, p, count, PROG_JIT, log);
	op_tricks_off = 0;
	jit_has_bmi2 = had_bmi2;
	return e;
}

static void compare(const struct gen_result *want, u32 count, const struct way *w)
{
	static struct gen_result got;
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	if (run_jit(&got, insns, count, w, &log))
		fuzz_found("a generated program is refused: %s", text);
	if (!memcmp(want, &got, sizeof(got)))
		return;
	show_difference(want, &got);
	fuzz_found("machine code differs from the interpreter, with tricks 0x%x%s off", w->tricks_off,
		   w->without_bmi2 ? " and BMI2" : "");
}

/* All that is on by default; and what the input says. */
static void choose_ways(struct way ways[2], const u8 *bytes, size_t len)
{
	ways[0] = (struct way){ 0 };
	ways[1] = (struct way){ ~0u, true };
	if (len < 8)
		return;
	ways[1].without_bmi2 = bytes[WAY_AT] & 1;
	memcpy(&ways[1].tricks_off, bytes + TRICKS_AT, sizeof(ways[1].tricks_off));
	if (bytes[WAY_AT] & 2)
		ways[1].tricks_off = 0;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	static struct gen_result want;
	struct way ways[2];
	u32 count = gen_program(insns, bytes, len);
	u64 before = fuzz_heap();
	choose_ways(ways, bytes, len);
	run_interpreter(&want, count);
	for (u32 i = 0; i < array_len(ways); i++)
		compare(&want, count, &ways[i]);
	if (fuzz_heap() != before)
		fuzz_found("%llu bytes are left on the heap", fuzz_heap() - before);
	return 0;
}

/* ---- what is shown ---- */

static struct way shown;

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
	return !run_jit(&got, p, count, &shown, &log) && memcmp(&want, &got, sizeof(want));
}

/* Switches on again what does not matter. */
static void shrink_way(u32 count)
{
	for (u32 i = 0; i <= 32; i++) {
		struct way before = shown;
		shown.tricks_off &= ~(u32)(1ull << i);
		shown.without_bmi2 &= i < 32;
		if (!fuzz_try(insns, count, differs))
			shown = before;
	}
}

void fuzz_show(const u8 *bytes, size_t len)
{
	struct way ways[2];
	u32 count = gen_program(insns, bytes, len);
	choose_ways(ways, bytes, len);
	for (u32 i = 0; i < array_len(ways); i++) {
		shown = ways[i];
		if (!fuzz_try(insns, count, differs))
			continue;
		count = fuzz_shrink(insns, count, differs);
		shrink_way(count);
		kprintf("# with tricks 0x%x%s off\n", shown.tricks_off, shown.without_bmi2 ? ", BMI2" : "");
		break;
	}
	fuzz_show_program(insns, count, NULL, 0);
}
