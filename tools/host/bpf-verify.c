// SPDX-License-Identifier: MIT
// bpf-verify OBJECT
// bpf-verify --raw tracing|raw_tp
//
// Verifies the programs of an object; or the instructions that standard input holds in hex. Exit status:
// 0 accepted, 1 refused, with the reason on standard error, 2 cannot tell.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/mem/heap.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "vm/verify/verify.h"

#define PROG_BYTES (8u << 20)

static char reason[1024];

static int raw(const char *type)
{
	static char text[3 * PROG_BYTES], tracepoint[] = "sched_migrate_task";
	struct strbuf log = STRBUF(reason);
	struct prog *p;
	if (strcmp(type, "tracing") && strcmp(type, "raw_tp"))
		return 2;
	size_t len = fread(text, 1, sizeof(text) - 1, stdin);
	while (len && text[len - 1] == '\n')
		text[--len] = 0;
	u8 *bytes = kmalloc(PROG_BYTES);
	i32 count = hex_bytes(text, bytes, PROG_BYTES);
	if (count < 0 || count % 8)
		return 2;
	/* Of tracing: a tracepoint whose arguments are a pointer to a struct and a number of 4 bytes. */
	bool is_tracing = strcmp(type, "tracing") == 0;
	if (is_tracing && !host_kernel_btf())
		return 2;
	if (prog_new(&p, "raw", is_tracing ? "tp_btf/sched_migrate_task" : "raw_tp", &log))
		return 2;
	p->type = PROG_RAW_TP;
	if (is_tracing)
		p->target = tracepoint;
	p->insns = (struct insn *)bytes;
	p->insn_count = (u32)count / 8;
	enum err e = prog_verify(p, &log);
	if (e)
		fprintf(stderr, "%s\n", reason);
	return e == OK ? 0 : e == ENOMEM ? 2 : 1;
}

static int object(const char *path)
{
	struct strbuf log = STRBUF(reason);
	struct object *o;
	size_t len;
	void *file = host_file(path, &len);
	if (!file || !host_kernel_btf())
		return 2;
	enum err e = object_load(&o, "object", file, len, PROG_JIT, &log);
	if (e)
		fprintf(stderr, "%s\n", reason);
	return e == OK ? 0 : e == ENOMEM ? 2 : 1;
}

int main(int argc, char **argv)
{
	host_init();
	if (argc > 2 && strcmp(argv[1], "--raw") == 0)
		return raw(argv[2]);
	if (argc > 1)
		return object(argv[1]);
	fprintf(stderr, "usage: bpf-verify OBJECT\n       bpf-verify --raw tracing|raw_tp\n");
	return 2;
}
