// SPDX-License-Identifier: MIT
// Lab 10: runs the vectors of tests/cases/opcodes_atomic.txt whose operation is or, and, xor or xchg; first
// interpreted, then compiled. A few programs more are for what the vectors do not show.
#include "labs/lab.h"
#include "kernel/mem/heap.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/vm_case.h"
#include "vm/compile.h"

enum { NOWHERE = 0x1000 /* nothing is mapped there */ };

static struct {
	enum prog_mode mode;
	const char *wanted; /* a pattern over the names of cases */
	u32 rows;
} now;

static bool is_ours(const char *name)
{
	static const char *const patterns[] = { "*_or(*",  "*_and(*", "*_xor(*", "*_xchg(*",
						"*) |= *", "*) &= *", "*) ^= *" };
	for (u32 i = 0; i < array_len(patterns); i++)
		if (str_matches(name, patterns[i]))
			return true;
	return false;
}

static u32 add_constant(struct insn *to, u32 reg, u64 value)
{
	to[0] = (struct insn){ .op = OPCODE_LD_IMM64, .dst = reg & 15, .imm = (i32)value };
	to[1] = (struct insn){ .imm = (i32)(value >> 32) };
	return 2;
}

/* Runs one row: its values as constants, then the program of the case. */
static bool run_row(const struct vm_case *c, u32 row)
{
	static struct insn insns[VM_CASE_INSNS + 2 * VM_CASE_WITH];
	const struct vm_row *r = &c->rows[row];
	u8 *mem = kmalloc(VM_CASE_MEM);
	char text[200] = "";
	struct strbuf log = STRBUF(text);
	u32 count = 0;
	u64 r0 = ~r->r0;

	lab_did("%s: %s, row %u", now.mode == PROG_JIT ? "compiled" : "interpreted", c->name, row + 1);
	if (!lab_ok(mem, "memory"))
		return false;
	memcpy(mem, c->mem, sizeof(c->mem));
	for (u32 i = 0; i < c->with_count; i++)
		count += add_constant(&insns[count], c->with[i], r->in[i]);
	memcpy(&insns[count], c->insns, c->count * sizeof(*insns));
	enum err e = vm_run(insns, count + c->count, now.mode, mem, (u64)c->mem_len, &r0, &log);
	bool ok = lab_ok(e == OK, "a program that loads") && lab_eq(r->r0, r0, "r0");
	for (u32 i = 0; i < r->word_count && ok; i++)
		ok = lab_eq(r->words[i], ((const u64 *)mem)[i],
			    i == 1   ? "the word in memory"
			    : i == 3 ? "the register r2"
				     : "a word that must stay");
	kfree(mem);
	now.rows++;
	return ok;
}

static void visit(const struct vm_case *c, void *arg unused)
{
	if (!is_ours(c->name) || !str_matches(c->name, now.wanted))
		return;
	for (u32 i = 0; i < c->row_count && !lab_failed(); i++)
		run_row(c, i);
}

static void run_vectors(enum prog_mode mode, const char *wanted, u32 least)
{
	now.mode = mode;
	now.wanted = wanted;
	now.rows = 0;
	vm_cases_read("tests/cases/opcodes_atomic.txt", visit, NULL);
	if (!lab_failed())
		lab_ok(now.rows >= least, "enough vectors");
}

LAB_TEST(lab10_interpreted)
{
	run_vectors(PROG_INTERPRET, "*", 60);
}

LAB_TEST(lab10_compiled)
{
	run_vectors(PROG_JIT, "*r2*(r1 +8)*", 30);
}

LAB_TEST(lab10_r0)
{
	run_vectors(PROG_JIT, "r0 = *(r1 +8)*", 12);
}

/* Runs a program on one word. Returns its R0. */
static u64 run_text(const char *text, enum prog_mode mode, u64 *word)
{
	struct insn insns[16];
	char why[200] = "";
	struct strbuf log = STRBUF(why);
	u64 r0 = 0xbad;
	u32 count = vm_asm(insns, array_len(insns), text);
	lab_ok(vm_run(insns, count, mode, word, sizeof(*word), &r0, &log) == OK, "a program that loads");
	return r0;
}

/* The address comes from memory, so no compiler can know that it is in another register too. */
LAB_TEST(lab10_address)
{
	u64 words[2] = { 5, (uptr)words };
	lab_did(
	    "compiled: r0 = *(u64 *)(r1 +8); r2 = 3; r2 = atomic64_fetch_xor((u64 *)(r0 +0), r2); r0 = r2; "
	    "exit");
	u64 r0 =
	    run_text("r0 = *(u64 *)(r1 +8)\nr2 = 3\nr2 = atomic64_fetch_xor((u64 *)(r0 +0), r2)\nr0 = r2\n"
		     "exit\n",
		     PROG_JIT, words);
	if (lab_eq(6, words[0], "the word in memory"))
		lab_eq(5, r0, "the old value");
}

/* R0 is not an operand, so it stays. */
LAB_TEST(lab10_kept)
{
	u64 word = 5;
	lab_did("compiled: r0 = 77; r2 = 3; r2 = atomic64_fetch_xor((u64 *)(r1 +0), r2); r0 += r2; exit");
	u64 r0 = run_text("r0 = 77\nr2 = 3\nr2 = atomic64_fetch_xor((u64 *)(r1 +0), r2)\nr0 += r2\nexit\n",
			  PROG_JIT, &word);
	if (lab_eq(6, word, "the word in memory"))
		lab_eq(77 + 5, r0, "r0, which was 77, plus the old value");
}

LAB_TEST(lab10_nowhere)
{
	u64 word = 0;
	lab_did("compiled: r1 = %#x; r2 = 3; r2 = atomic64_fetch_or((u64 *)(r1 +0), r2); r0 = r2; exit",
		NOWHERE);
	u64 r0 = run_text("r1 = 4096\nr2 = 3\nr2 = atomic64_fetch_or((u64 *)(r1 +0), r2)\nr0 = r2\nexit\n",
			  PROG_JIT, &word);
	lab_eq(0, r0, "the old value, which cannot be read:");
}

/* lock, a REX prefix or none, 0f b1: cmpxchg. */
static bool is_locked_cmpxchg(const u8 *code)
{
	u32 at = 1 + ((code[1] & 0xf0) == 0x40);
	return code[0] == 0xf0 && code[at] == 0x0f && code[at + 1] == 0xb1;
}

LAB_TEST(lab10_atomic)
{
	struct insn insns[8];
	char why[200] = "";
	struct strbuf log = STRBUF(why);
	struct prog *p;
	bool found = false;
	u32 count = vm_asm(insns, array_len(insns),
			   "r2 = 3\nr2 = atomic64_fetch_and((u64 *)(r1 +0), r2)\nr0 = r2\nexit\n");
	lab_did("compiles r2 = atomic64_fetch_and((u64 *)(r1 +0), r2), and reads the code");
	if (!lab_ok(prog_load_raw(&p, "lab10", insns, count, PROG_JIT, &log) == OK, "a program that loads"))
		return;
	const u8 *code = (const u8 *)p->text.base;
	for (u32 i = 0; i + 5 < p->text.len; i++)
		found |= is_locked_cmpxchg(code + i);
	lab_ok(found, "lock cmpxchg, which writes only if no other CPU has written since the load");
	prog_free(p);
}
