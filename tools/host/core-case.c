// SPDX-License-Identifier: MIT
// core-case TYPES OBJECT PROGRAM INPUT LEN: runs a program of OBJECT, relocated to the types of the object
// TYPES instead of the kernel's. The .bss of Linux's CO-RE tests begins with 256 bytes of input and 256 bytes
// of output. INPUT, hex bytes or -, is copied to the input; then LEN bytes of the output are printed in hex.
// If the types or the object are refused, the exit status is 1 and standard error has the reason; if the case
// cannot run, it is 2.
#include <stdio.h>
#include <stdlib.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "vm/object.h"
#include "vm/load/elf.h"
#include "vm/run/map.h"

#define INPUT_BYTES 256

static char why[512];
static struct strbuf why_log = STRBUF(why);

static _Noreturn void stop(int status, const char *what)
{
	fprintf(stderr, "core-case: %s: %s\n", what, why);
	exit(status);
}

static void *read_object(const char *path, size_t *len)
{
	void *file = host_file(path, len);
	if (!file)
		stop(2, path);
	return file;
}

static void set_types(const char *path)
{
	static struct btf types;
	struct elf e;
	size_t len;
	void *file = read_object(path, &len);
	if (elf_open(&e, file, len, &why_log) || !elf_find(&e, ".BTF"))
		stop(2, path);
	struct elf_section s = elf_section(&e, elf_find(&e, ".BTF"));
	if (btf_open(&types, s.data, (u32)s.size, &why_log))
		stop(1, path);
	vm_init(&types);
}

/* Returns the bytes of .bss. */
static u8 *variables(const struct object *o, u32 len)
{
	for (u32 i = 0; i < o->map_count; i++)
		if (str_matches(o->maps[i]->name, "*.bss") && o->maps[i]->value_size >= INPUT_BYTES + len)
			return o->maps[i]->values;
	stop(2, "no .bss for input and output");
}

int main(int argc, char **argv)
{
	struct object *o;
	size_t len;
	u64 ctx[16] = { 0 };
	if (argc != 6)
		stop(2, "usage: core-case TYPES OBJECT PROGRAM INPUT LEN");
	host_init();
	set_types(argv[1]);
	void *file = read_object(argv[2], &len);
	if (object_load(&o, "case", file, len, PROG_JIT, &why_log))
		stop(1, argv[2]);
	struct prog *p = prog_named(argv[3]);
	u32 count = (u32)atoi(argv[5]);
	u8 *bss = variables(o, count);
	if (!p || (strcmp(argv[4], "-") && hex_bytes(argv[4], bss, INPUT_BYTES) < 0))
		stop(2, "no such program, or the input is not hex bytes");
	p->entry(ctx);
	for (u32 i = 0; i < count; i++)
		printf("%02x", bss[INPUT_BYTES + i]);
	printf("\n");
	return 0;
}
