// SPDX-License-Identifier: MIT
// vm/load/vars.c: where variables lie, in objects that a linker or strip has changed.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "vm/object.h"
#include "vm/load/elf.h"
#include "vm/run/map.h"
#include "vm/prog.h"

static u64 run(const char *program)
{
	struct prog *p = prog_named(program);
	return check(p) ? (u32)p->entry(NULL) : 0;
}

/* The values of the nth map of that name, as `map dump` shows them; "" if they have no type. */
static const char *values(const struct object *o, const char *name, u32 nth)
{
	static char text[256];
	struct strbuf s = STRBUF(text);
	text[0] = 0;
	for (u32 i = 0; i < o->map_count; i++) {
		const struct map *m = o->maps[i];
		if (strcmp(m->name, name) || nth--)
			continue;
		if (m->value_type)
			btf_print_value(&s, m->btf, m->value_type, m->values);
		return text;
	}
	return "no such map";
}

TEST(load_vars_of_linked_objects_lie_where_the_linker_put_them)
{
	struct object *o = load_object("build/tests/statics_linked.bpf.o", PROG_JIT);
	require(o);
	check_eq(12, run("in_a"));
	check_eq(701, run("in_b"));
	check_str("{ .plain = 9, .more = [1,5,3], .state = 12, .state = 701 }", values(o, "test.data", 0));
	object_unload(o);
}

TEST(load_vars_of_stripped_statics_are_left_out)
{
	struct object *o = load_object("build/tests/statics_stripped.bpf.o", PROG_JIT);
	require(o);
	check_eq(12, run("in_a"));
	check_eq(13, run("in_a"));
	check_str("{ .plain = 9 }", values(o, "test.data", 0));
	object_unload(o);
}

TEST(load_vars_of_two_sections_of_one_name)
{
	struct object *o = load_object("build/tests/twin_sections.bpf.o", PROG_JIT);
	require(o);
	check_eq(42, run("sum"));
	check_str("{ .second = 2 }", values(o, "test.rodata", 0));
	check_str("", values(o, "test.rodata", 1));
	check_str("no such map", values(o, "test.rodata", 2));
	object_unload(o);
}

TEST(load_vars_beside_a_forward_enum)
{
	struct object *o = load_object("build/tests/forward_enum.bpf.o", PROG_JIT);
	require(o);
	check_eq(1, run("light"));
	check_str("{ .lamp = { .shade = 0x0, .watts = 1 } }", values(o, "test.bss", 0));
	object_unload(o);
}

/* Takes the letter 'p' from the name of the global variable `plain` in the symbol table only. */
static void rename_symbol(u8 *file, size_t len)
{
	struct elf e;
	struct strbuf log = STRBUF(why);
	check_eq(OK, elf_open(&e, file, len, &log));
	for (u32 i = 1; i < e.symbol_count; i++) {
		char *name = (char *)elf_symbol(&e, i).name;
		if (strcmp(name, "plain") == 0)
			*name = 'x';
	}
}

TEST(load_vars_global_without_a_symbol_is_refused)
{
	size_t len;
	u8 *file = host_file("build/tests/statics_a.bpf.o", &len);
	require(file);
	rename_symbol(file, len);
	struct strbuf log = STRBUF(why);
	struct object *o;
	why[0] = 0;
	check(object_load(&o, "test", file, len, PROG_JIT, &log) != OK);
	check_str(".data: BTF lists plain, which has no symbol there; was it stripped?", why);
	kfree(file);
}
