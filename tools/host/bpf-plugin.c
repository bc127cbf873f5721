// SPDX-License-Identifier: MIT
// bpf-plugin ["MEMORY"] [--interpret|--jit]: runs one program for the public conformance suite.
//
// MEMORY is hex bytes: R1 points to them and R2 is their length. The program is hex bytes on standard input.
// Prints R0 in hex. If the program is refused or faults, the exit status is 1 and standard error has the
// reason; if the input is not hex bytes, it is 2. The interpreter allows the program only the memory, its
// stack and INSNS_MAX instructions, so any program can be tried.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"

#define PROG_BYTES (8u << 20)
#define MEM_BYTES  (1u << 20)
#define INSNS_MAX  100000000
#define SECONDS    10 /* for compiled code, which does not count instructions */

static int bad_use(const char *why)
{
	fprintf(stderr, "bpf-plugin: %s\n", why);
	return 2;
}

/* A program that does not end counts as one that faults. */
static void too_slow(int signal unused)
{
	static const char why[] = "bpf-plugin: the program does not end\n";
	if (write(STDERR_FILENO, why, sizeof(why) - 1) > 0)
		_exit(1);
	_exit(1);
}

/* Reads all of standard input, which may end with a newline. */
static char *read_input(void)
{
	static char text[3 * PROG_BYTES + 2];
	size_t len = fread(text, 1, sizeof(text) - 1, stdin);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\r' || text[i] == '\t')
			text[i] = ' ';
	text[len] = 0;
	return text;
}

static int run(const struct insn *insns, u32 count, enum prog_mode mode, u8 *mem, u64 len)
{
	char text[512] = "";
	struct strbuf log = STRBUF(text);
	struct prog *p;
	u64 r0 = 0;
	enum err e = prog_load_raw(&p, "plugin", insns, count, mode, &log);
	void *arg = len ? mem : NULL;
	if (!e && mode == PROG_INTERPRET)
		e = vm_call_limited(p, arg, len, INSNS_MAX, &r0, &log);
	else if (!e)
		r0 = vm_call(p, arg, len);
	if (e) {
		fprintf(stderr, "%s\n", text[0] ? text : err_name(e));
		return 1;
	}
	printf("%llx\n", r0);
	return 0;
}

int main(int argc, char **argv)
{
	enum prog_mode mode = PROG_JIT;
	host_init();
	vm_add_suite_helpers();
	u8 *mem = kmalloc(MEM_BYTES);
	i32 mem_len = 0;
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--interpret"))
			mode = PROG_INTERPRET;
		else if (!strcmp(argv[i], "--jit"))
			mode = PROG_JIT;
		else if (!strncmp(argv[i], "--", 2))
			return bad_use("options are --interpret and --jit");
		else
			mem_len = hex_bytes(argv[i], mem, MEM_BYTES);
		if (mem_len < 0)
			return bad_use("the memory is not hex bytes");
	}
	u8 *prog = kmalloc(PROG_BYTES);
	i32 len = hex_bytes(read_input(), prog, PROG_BYTES);
	if (len < 0 || len % (i32)sizeof(struct insn))
		return bad_use("the program is not hex bytes, 8 for each instruction");
	signal(SIGALRM, too_slow);
	alarm(SECONDS);
	return run((const struct insn *)prog, (u32)len / sizeof(struct insn), mode, mem, (u64)mem_len);
}
