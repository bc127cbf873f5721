// SPDX-License-Identifier: MIT
// bpf-verify [-v] OBJECT [PROGRAM]
// bpf-verify [-v] --raw tracing|raw_tp
//
// Verifies the programs of an object, or one of them; or the instructions that standard input holds in hex. Exit status:
// 0 accepted, 1 refused, 2 cannot tell, both with the reason on standard error. -v prints each step of the walk.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/mem/heap.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "vm/disasm.h"
#include "vm/verify/verify.h"

#define PROG_BYTES (8u << 20)

static char reason[1024];

/* The one program to verify, NULL for all, and whether the object has it. */
static const char *only;
static bool only_found;

static int cannot_tell(const char *why, const char *what)
{
	fprintf(stderr, "bpf-verify: %s%s\n", why, what);
	return 2;
}

static int verdict(enum err e)
{
	if (e)
		fprintf(stderr, "%s\n", *reason ? reason : "no memory to check it");
	return e == OK ? 0 : e == ENOMEM ? 2 : 1;
}

/* The loader calls this in place of prog_verify (-Wl,--wrap). Of a program that nobody asked about only the structure is
 * checked, so that it cannot be what refuses the object. */
enum err __real_prog_verify(struct prog *p, struct strbuf *log);
enum err __wrap_prog_verify(struct prog *p, struct strbuf *log);
enum err __wrap_prog_verify(struct prog *p, struct strbuf *log)
{
	enum prog_type type = p->type;
	bool is_asked = !only || strcmp(p->name, only) == 0;
	only_found |= is_asked;
	if (!is_asked)
		p->type = PROG_RAW;
	enum err e = __real_prog_verify(p, log);
	p->type = type;
	return e;
}

static int raw(const char *type)
{
	static char text[3 * PROG_BYTES], tracepoint[] = "sched_migrate_task";
	struct strbuf log = STRBUF(reason);
	struct prog *p;
	if (strcmp(type, "tracing") && strcmp(type, "raw_tp"))
		return cannot_tell("--raw takes tracing or raw_tp, not ", type);
	size_t len = fread(text, 1, sizeof(text) - 1, stdin);
	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	u8 *bytes = kmalloc(PROG_BYTES);
	i32 count = hex_bytes(text, bytes, PROG_BYTES);
	if (count < 0 || count % 8)
		return cannot_tell("standard input holds no instructions in hex, eight bytes each", "");
	/* Of tracing: a tracepoint whose arguments are a pointer to a struct and a number of 4 bytes. */
	bool is_tracing = strcmp(type, "tracing") == 0;
	if (is_tracing && !host_kernel_btf())
		return cannot_tell("build/fivebyte.btf is missing: make it", "");
	if (prog_new(&p, "raw", is_tracing ? "tp_btf/sched_migrate_task" : "raw_tp", &log))
		return 2;
	p->type = PROG_RAW_TP;
	if (is_tracing)
		p->target = tracepoint;
	p->insns = (struct insn *)bytes;
	p->insn_count = (u32)count / 8;
	return verdict(prog_verify(p, &log));
}

/* The name that the kernel gives an object: that of its file up to the first dot. */
static void object_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = 0;
}

static int object(const char *path)
{
	struct strbuf log = STRBUF(reason);
	struct object *o;
	char name[64];
	size_t len;
	void *file = host_file(path, &len);
	if (!file)
		return cannot_tell("cannot read ", path);
	if (!host_kernel_btf())
		return cannot_tell("build/fivebyte.btf is missing: make it", "");
	object_name(path, name, sizeof(name));
	enum err e = object_load(&o, name, file, len, PROG_JIT, &log);
	if (only && !only_found && !e)
		return cannot_tell("the object has no program ", only);
	return verdict(e);
}

int main(int argc, char **argv)
{
	host_init();
	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verify_watch = insn_print_walked;
		argv++;
		argc--;
	}
	if (argc == 3 && strcmp(argv[1], "--raw") == 0)
		return raw(argv[2]);
	only = argc == 3 ? argv[2] : NULL;
	if (argc == 2 || argc == 3)
		return object(argv[1]);
	fprintf(stderr,
		"usage: bpf-verify [-v] OBJECT [PROGRAM]\n       bpf-verify [-v] --raw tracing|raw_tp\n");
	return 2;
}
