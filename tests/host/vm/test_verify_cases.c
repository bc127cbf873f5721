// SPDX-License-Identifier: MIT
// What the verifier accepts and refuses: tests/cases/verify.txt as raw tracepoint programs; tests/cases/typed.txt with
// the types of this build's kernel, as programs of the section that a case's name begins with, in brackets. The programs
// are verified, and do not run.
#include <string.h>
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "vm/load/section.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/verify/verify.h"

enum { MAPS = 7, LOCKED = 6 };

static const struct {
	const char *name;
	enum bpf_map_type type;
	u32 key_size, value_size, max_entries, flags;
} map_rows[MAPS] = {
	{ "array", BPF_MAP_TYPE_ARRAY, 4, 16, 4, 0 },
	{ "hash", BPF_MAP_TYPE_HASH, 8, 48, 4, 0 },
	{ ".rodata", BPF_MAP_TYPE_ARRAY, 4, 16, 1, BPF_F_RDONLY_PROG },
	{ ".data", BPF_MAP_TYPE_ARRAY, 4, 64, 1, 0 },
	{ "programs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0 },
	{ "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	{ "locked", BPF_MAP_TYPE_ARRAY, 4, 16, 1, 0 },
};

struct counts {
	struct object *o;
	u32 accepted, refused, open;
};

/* Whether the program is accepted, or refused with a sentence that begins like that of the case. */
static bool is_right(const struct vm_case *c, enum err e, const char *text)
{
	if (!c->refused)
		return e == OK;
	return e == EINVAL && strncmp(text, c->message, strlen(c->message)) == 0;
}

static void verify_case(const struct vm_case *c, void *arg)
{
	struct counts *counts = arg;
	char text[512] = "", section[64] = "raw_tp", target[64];
	struct strbuf log = STRBUF(text);
	struct insn insns[VM_CASE_INSNS];
	if (c->name[0] == '[')
		str_copy(section, c->name + 1, min(strcspn(c->name, "]"), sizeof(section)));
	struct prog p = { .name = "case", .section = section, .target = target };
	if (!check_eq(OK, section_parse(&p, &log)))
		return;
	memcpy(insns, c->insns, c->count * sizeof(*insns));
	p.insns = insns;
	p.insn_count = c->count;
	p.object = counts->o;
	enum err e = prog_verify(&p, &log);
	kfree(p.taken);
	kfree(p.proven);
	if (strncmp(c->name, "open: ", 6) == 0) {
		counts->open++;
		if (is_right(c, e, text))
			kprintf("case is no longer open: %s\n", c->name + 6);
		return;
	}
	++*(c->refused ? &counts->refused : &counts->accepted);
	if (!check(is_right(c, e, text)))
		kprintf("case failed: %s: %s\n", c->name, e ? text : "accepted");
}

static void verify_file(const char *path, u32 accepted, u32 refused)
{
	struct map *maps[MAPS];
	struct object o = { .maps = maps, .map_count = MAPS, .license = "GPL" };
	struct counts counts = { .o = &o };
	char text[256];
	struct strbuf log = STRBUF(text);
	for (u32 i = 0; i < MAPS; i++)
		if (!check_eq(OK, map_create(&maps[i], map_rows[i].name, map_rows[i].type,
					     map_rows[i].key_size, map_rows[i].value_size,
					     map_rows[i].max_entries, map_rows[i].flags, &log)))
			return;
	str_copy((char *)maps[2]->values, "v=%d", 16);
	maps[LOCKED]->lock_at = 4;
	maps[LOCKED]->lock_size = 4;
	vm_cases_read(path, verify_case, &counts);
	check(counts.accepted >= accepted && counts.refused >= refused);
	if (counts.open)
		kprintf("%u cases of %s are open\n", counts.open, path);
	for (u32 i = 0; i < MAPS; i++)
		map_free(maps[i]);
}

TEST(verify_cases)
{
	verify_file("tests/cases/verify.txt", 240, 350);
}

TEST(verify_cases_with_types)
{
	if (!has_kernel_btf())
		return;
	verify_file("tests/cases/typed.txt", 14, 20);
	vm_init(NULL);
}
