// SPDX-License-Identifier: MIT
// bpf-bench [--interpret|--jit] OBJECT [PROGRAM] [--mem FILE] [--runs N] [--without TRICK[,TRICK]] [--dump]
//
// Times a program of an object that clang wrote. --without switches optimisations of the JIT off
// (tests/host/tricks.c). R1 points to the file's content (4 KiB of zeroes without --mem), R2 is its length;
// helper 42 returns 0. The program runs N times in each slice; the memory is restored before each slice.
// Prints R0 of the first run and the time of the best slice:
//      r0=HEX ns=PER_RUN code=BYTES compile_ns=N
// With --dump it does not run: it prints each instruction, and the JIT's code for it below.
// The exit status is 1 if the object is refused or has no such program, 2 for bad use.
#include <stdio.h>
#include <stdlib.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/x86dis.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/timer.h"
#include "tests/host/host.h"
#include "tests/host/tricks.h"
#include "tests/host/vm_run.h"
#include "vm/disasm.h"
#include "vm/jit/op.h"

#define SLICES    7
#define MEM_NONE  4096
#define INSNS_MAX (1ull << 40) /* a program that runs for more is taken for endless */

struct bench {
	const char *object, *program, *mem_file;
	enum prog_mode mode;
	bool dump;
	u64 runs;
	void *mem, *fresh; /* the program's memory; the content of the file */
	size_t mem_len;
	u64 r0;
};

static bool parse_args(struct bench *b, int argc, char **argv)
{
	bool ok = true;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--interpret"))
			b->mode = PROG_INTERPRET;
		else if (!strcmp(argv[i], "--jit"))
			b->mode = PROG_JIT;
		else if (!strcmp(argv[i], "--dump"))
			b->dump = true;
		else if (!strcmp(argv[i], "--mem") && i + 1 < argc)
			b->mem_file = argv[++i];
		else if (!strcmp(argv[i], "--runs") && i + 1 < argc)
			b->runs = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--without") && i + 1 < argc)
			ok = tricks_parse(argv[++i], &op_tricks_off) && ok;
		else if (!strncmp(argv[i], "--", 2) || b->program)
			return false;
		else if (b->object)
			b->program = argv[i];
		else
			b->object = argv[i];
	}
	return ok && b->object && b->runs > 0;
}

static bool read_memory(struct bench *b)
{
	b->mem_len = MEM_NONE;
	b->fresh = b->mem_file ? host_file(b->mem_file, &b->mem_len) : kzalloc(MEM_NONE);
	b->mem = kmalloc(max(b->mem_len, (size_t)1));
	return b->fresh && b->mem;
}

static struct prog *find(const struct object *o, const char *name)
{
	for (u32 i = 0; i < o->prog_count; i++)
		if (!name || !strcmp(o->progs[i]->name, name))
			return o->progs[i];
	return NULL;
}

/* The interpreter runs with its checks, so that no program can make it crash. */
static u64 call(const struct bench *b, const struct prog *p)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	u64 r0;
	if (p->mode == PROG_JIT)
		return vm_call(p, b->mem, b->mem_len);
	if (vm_call_limited(p, b->mem, b->mem_len, INSNS_MAX, &r0, &log)) {
		fprintf(stderr, "bpf-bench: %s\n", text);
		exit(1);
	}
	return r0;
}

static u32 dump_code(const struct text *t, u32 at, u32 end)
{
	while (at < end) {
		char text[128];
		struct strbuf s = STRBUF(text);
		u32 len = x86_disasm(&s, (const u8 *)t->base + at, end - at, t->base + at);
		if (!len)
			break;
		printf("        %4x: %s\n", at, text);
		at += len;
	}
	return end;
}

static int dump(const struct prog *p)
{
	u32 at = 0;
	for (u32 i = 0; p->insn_at && i < p->insn_count; i++) {
		char text[256];
		struct strbuf s = STRBUF(text);
		at = dump_code(&p->text, at, p->insn_at[i]); /* padding */
		insn_print(&s, p, i);
		if (s.len)
			printf("%4u: %s\n", i, text);
		at = dump_code(&p->text, at, p->insn_at[i + 1]);
	}
	return 0;
}

/* Runs one slice and returns nanoseconds per run. */
static double slice(struct bench *b, const struct prog *p)
{
	memcpy(b->mem, b->fresh, b->mem_len);
	u64 start = ktime_get_ns();
	for (u64 i = 0; i < b->runs; i++)
		call(b, p);
	return (double)(ktime_get_ns() - start) / (double)b->runs;
}

static int run(struct bench *b, struct object *o)
{
	struct prog *p = find(o, b->program);
	if (!p) {
		fprintf(stderr, "bpf-bench: %s has no program %s\n", b->object, b->program ? b->program : "");
		return 1;
	}
	if (b->dump)
		return dump(p);
	u64 compile_ns = vm_compile_ns(p);
	memcpy(b->mem, b->fresh, b->mem_len);
	b->r0 = call(b, p);
	double best = slice(b, p);
	for (u32 i = 1; i < SLICES; i++) {
		double ns = slice(b, p);
		best = min(best, ns);
	}
	printf("r0=%llx ns=%.1f code=%u compile_ns=%llu\n", b->r0, best, p->text.len, compile_ns);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .runs = 1000 };
	char text[512] = "";
	struct strbuf log = STRBUF(text);
	struct object *o;
	size_t len;
	if (!parse_args(&b, argc, argv)) {
		fprintf(stderr, "bpf-bench [--interpret|--jit] OBJECT [PROGRAM] [--mem FILE] [--runs N]"
				" [--without TRICK[,TRICK]] [--dump]\n");
		return 2;
	}
	host_init();
	kfree(kmalloc(1)); /* takes kmalloc's fixed addresses before libc's heap, anywhere below, can */
	vm_add_suite_helpers();
	void *elf = host_file(b.object, &len);
	if (!elf || !read_memory(&b)) {
		fprintf(stderr, "bpf-bench: cannot read %s\n", elf ? b.mem_file : b.object);
		return 2;
	}
	if (object_load_raw(&o, "bench", elf, len, b.mode, &log)) {
		fprintf(stderr, "%s\n", text);
		return 1;
	}
	return run(&b, o);
}
