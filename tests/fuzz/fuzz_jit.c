// SPDX-License-Identifier: MIT
// Generated programs as machine code, which must leave the same in R0, registers, memory, stack and maps as
// the interpreter does or, if they are dense, as the model of tests/vm_model.h does. Each runs as the JIT
// compiles it by default, and a second time with some of its tricks off. The input's first 8 bytes, of which
// the generator of long programs uses three, choose these tricks and whether the program is dense.
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/fuzz/dense.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/gen.h"
#include "vm/jit/x86_64/jit.h"
#include "vm/jit/op.h"

enum { WAY_AT = 3, TRICKS_AT = 4, HEAD = 8 }; /* in the input: 8 bits; 32 bits */
enum { WITHOUT_BMI2 = 1, WITH_TRICKS = 2, DENSE = 4 };

/* How code is made: with tricks off, and with or without BMI2. */
struct way {
	u32 tricks_off;
	bool without_bmi2;
};

static struct insn insns[GEN_INSNS_MAX];
static struct dense dense;

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

static void set_way(const struct way *w)
{
	static bool is_known, has_bmi2;
	if (!is_known)
		has_bmi2 = jit_has_bmi2;
	is_known = true;
	op_tricks_off = w->tricks_off;
	jit_has_bmi2 = has_bmi2 && !w->without_bmi2;
}

static enum err run_jit(struct gen_result *r, const struct insn *p, u32 count, const struct way *w,
			struct strbuf *log)
{
	set_way(w);
	enum err e = gen_run(r, p, count, PROG_JIT, log);
	set_way(&(struct way){ 0 });
	return e;
}

static enum err run_dense(const struct way *w, struct strbuf *log)
{
	set_way(w);
	enum err e = dense_run(&dense, log);
	set_way(&(struct way){ 0 });
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

static bool is_dense(const u8 *bytes, size_t len)
{
	return len >= HEAD && bytes[WAY_AT] & DENSE;
}

static void try_dense(const u8 *bytes, size_t len, const struct way *ways)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	dense_make(&dense, bytes + HEAD, len - HEAD);
	for (u32 i = 0; i < 2; i++)
		if (run_dense(&ways[i], &log))
			fuzz_found("machine code differs from the model, with tricks 0x%x%s off: %s",
				   ways[i].tricks_off, ways[i].without_bmi2 ? " and BMI2" : "", text);
}

static void try_long(const u8 *bytes, size_t len, const struct way *ways)
{
	static struct gen_result want;
	u32 count = gen_program(insns, bytes, len);
	run_interpreter(&want, count);
	for (u32 i = 0; i < 2; i++)
		compare(&want, count, &ways[i]);
}

/* All that is on by default; and what the input says. */
static void choose_ways(struct way ways[2], const u8 *bytes, size_t len)
{
	ways[0] = (struct way){ 0 };
	ways[1] = (struct way){ ~0u, true };
	if (len < HEAD)
		return;
	ways[1].without_bmi2 = bytes[WAY_AT] & WITHOUT_BMI2;
	memcpy(&ways[1].tricks_off, bytes + TRICKS_AT, sizeof(ways[1].tricks_off));
	if (bytes[WAY_AT] & WITH_TRICKS)
		ways[1].tricks_off = 0;
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	struct way ways[2];
	u64 before = fuzz_heap();
	choose_ways(ways, bytes, len);
	(is_dense(bytes, len) ? try_dense : try_long)(bytes, len, ways);
	if (fuzz_heap() != before)
		fuzz_found("%llu bytes are left on the heap", fuzz_heap() - before);
	return 0;
}

/* ---- new dense programs ---- */

/* libFuzzer's: changes bytes[0 .. len - 1] in place, to at most max; the new length. */
size_t LLVMFuzzerMutate(u8 *bytes, size_t len, size_t max);

/* Every second input is a new dense program: what reaches no new code may still be a new combination. */
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomMutator(u8 *bytes, size_t len, size_t max, unsigned int seed)
{
	u64 random = seed * 0x9e3779b97f4a7c15ull;
	if (seed & 1 || max < HEAD + DENSE_BYTES_MAX)
		return LLVMFuzzerMutate(bytes, len, max);
	for (u32 i = 0; i < HEAD + DENSE_BYTES_MAX; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = (u8)(random >> 56);
	}
	bytes[WAY_AT] |= DENSE;
	return HEAD + DENSE_BYTES_MAX;
}

/* ---- what is shown ---- */

static struct way shown;

/* Whether it differs, and the difference counts: the interpreter's result does not depend on where the memory
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

/* The same of a dense program with these instructions. */
static bool dense_differs(const struct insn *p, u32 count)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	if (count > array_len(dense.insns))
		return false;
	memmove(dense.insns, p, count * sizeof(*p));
	dense.count = count;
	return run_dense(&shown, &log) == EFAULT;
}

typedef bool differs_fn(const struct insn *p, u32 count);

/* Switches on again what does not matter. */
static void shrink_way(u32 count, differs_fn *is_found)
{
	for (u32 i = 0; i <= 32; i++) {
		struct way before = shown;
		shown.tricks_off &= ~(u32)(1ull << i);
		shown.without_bmi2 &= i < 32;
		if (!fuzz_try(insns, count, is_found))
			shown = before;
	}
}

static void show_starts(void)
{
	for (u32 i = 0; i < DENSE_STARTS; i++) {
		kprintf("# start %u:", i);
		for (u32 r = 0; r < 10; r++)
			kprintf(" 0x%llx", dense.starts[i][r]);
		kprintf("\n");
	}
}

static u32 show_dense(const u8 *bytes, size_t len)
{
	dense_make(&dense, bytes + HEAD, len - HEAD);
	memcpy(insns, dense.insns, sizeof(dense.insns));
	show_starts();
	return dense.count;
}

void fuzz_show(const u8 *bytes, size_t len)
{
	struct way ways[2];
	differs_fn *is_found = is_dense(bytes, len) ? dense_differs : differs;
	u32 count = is_dense(bytes, len) ? show_dense(bytes, len) : gen_program(insns, bytes, len);
	choose_ways(ways, bytes, len);
	for (u32 i = 0; i < array_len(ways); i++) {
		shown = ways[i];
		if (!fuzz_try(insns, count, is_found))
			continue;
		count = fuzz_shrink(insns, count, is_found);
		shrink_way(count, is_found);
		kprintf("# with tricks 0x%x%s off\n", shown.tricks_off, shown.without_bmi2 ? ", BMI2" : "");
		break;
	}
	fuzz_show_program(insns, count, NULL, 0);
}
