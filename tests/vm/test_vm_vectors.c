// SPDX-License-Identifier: MIT
// Vectors of the public bpf_conformance suite, if they lie beside the project: each one in the interpreter
// and in the JIT, on the host and in the machine. A line has name, ISA version, groups, program, memory and
// r0, with tabs between them.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/run/helper.h"

#define VECTORS  "../shared/conformance/vectors.tsv"
#define PROG_MAX 8192
#define MEM_MAX  4096

struct vector {
	char name[64];
	u8 prog[PROG_MAX] __attribute__((aligned(8)));
	u8 mem[MEM_MAX];
	i32 prog_len, mem_len;
	u64 want;
};

/* The text after the nth tab. */
static const char *column(const char *line, u32 n)
{
	while (n--)
		while (*line++ != '\t')
			;
	return line;
}

static bool parse(struct vector *v, const char *line)
{
	char want[32] = "";
	u32 len = (u32)(column(line, 1) - line);
	str_copy(v->name, line, min(len, (u32)sizeof(v->name)));
	v->prog_len = hex_bytes(column(line, 3), v->prog, sizeof(v->prog));
	const char *mem = column(line, 4), *r0 = column(line, 5);
	v->mem_len = *mem == '-' ? 0 : hex_bytes(mem, v->mem, sizeof(v->mem));
	for (u32 i = 0; i + 1 < sizeof(want) && r0[i] > ' '; i++)
		want[i] = r0[i];
	return v->prog_len > 0 && v->mem_len >= 0 && parse_u64(want, &v->want);
}

static bool run(const struct vector *v, enum prog_mode mode)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	u64 r0 = 0;
	u8 *mem = kmalloc(MEM_MAX);
	memcpy(mem, v->mem, (size_t)v->mem_len);
	enum err e = vm_run((const struct insn *)v->prog, (u32)v->prog_len / sizeof(struct insn), mode,
			    v->mem_len ? mem : NULL, (u64)v->mem_len, &r0, &log);
	kfree(mem);
	if (!e && r0 == v->want)
		return true;
	kprintf("%s %s: %s, r0 = 0x%llx, want 0x%llx\n", v->name, mode == PROG_JIT ? "jit" : "interp",
		e ? text : "ran", r0, v->want);
	return false;
}

static void run_all(enum prog_mode mode)
{
	static struct vector v;
	u32 count = 0, passed = 0;
	char *file = test_file(VECTORS);
	if (!file) {
		test_skip("there is no " VECTORS);
		return;
	}
	vm_add_suite_helpers();
	for (char *line = file; *line;) {
		if (*line != '#') {
			count++;
			passed += check(parse(&v, line)) && run(&v, mode);
		}
		while (*line && *line++ != '\n')
			;
	}
	helper_add_table(NULL, 0);
	kprintf("vectors: %u of %u pass in the %s\n", passed, count,
		mode == PROG_JIT ? "JIT" : "interpreter");
	check(count > 100);
	check_eq(count, passed);
	kfree(file);
}

TEST(interpreter_passes_the_public_vectors)
{
	run_all(PROG_INTERPRET);
}

TEST(jit_passes_the_public_vectors)
{
	run_all(PROG_JIT);
}
