// SPDX-License-Identifier: MIT
// vm/object: names of any length are told apart; a name that several objects have finds none of them.
#include "vm/object.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "vm/run/map.h"

#define PREFIX "a_name_that_goes_on_for_long_"
#define LONG                                                                                             \
	PREFIX "and_on_for_longer_still_until_nobody_would_write_it_twice_and_on_until_no_buffer_would_" \
	       "hold_it_"

/* Of the same first 34 characters. */
#define FILE_A "an_object_file_whose_name_is_long_a"
#define FILE_B "an_object_file_whose_name_is_long_b"

static struct object *load_as(const char *name, const char *path)
{
	struct object *o;
	check_eq(OK, try_object(&o, name, path, PROG_JIT));
	check_str("", why);
	return o;
}

static enum err find_map_sentence(struct map **m, const char *name)
{
	struct strbuf log = STRBUF(why);
	why[0] = 0;
	return find_map(m, name, &log);
}

static enum err find_prog_sentence(struct prog **p, const char *name)
{
	struct strbuf log = STRBUF(why);
	why[0] = 0;
	return find_prog(p, name, &log);
}

TEST(find_keeps_every_name_whole)
{
	struct object *o = load_as(FILE_A, "build/tests/names.bpf.o");
	struct map *m;
	require(o);
	check_str(FILE_A, o->name);
	require(prog_named(LONG "one") && prog_named(LONG "two"));
	check(prog_named(LONG "one") != prog_named(LONG "two"));
	check_str("a_function_with_a_name_of_more_than_sixty_three_characters_of_which_none_is_left_out",
		  prog_named(LONG "one")->target);
	check(str_matches(prog_named(LONG "one")->text.name, "bpf_prog_????????????????_" LONG "one"));
	check(!prog_named(LONG) && !prog_named(PREFIX "one"));
	check_eq(OK, find_map_sentence(&m, PREFIX "counts"));
	check_str(PREFIX "counts", m->name);
	check_eq(ENOENT, find_map_sentence(&m, PREFIX));
	check_str("no map is called " PREFIX "; map list names them", why);
	object_unload(o);
}

TEST(find_target_of_a_tail_call_by_its_whole_name)
{
	struct object *o = load_as(FILE_A, "build/tests/names.bpf.o");
	u64 ctx[1] = { 0 };
	require(o);
	check_eq(2, (u32)prog_named(LONG "one")->entry(ctx));
	object_unload(o);
}

TEST(find_program_that_two_objects_have_needs_its_object)
{
	struct object *a = load_as(FILE_A, "build/tests/basic.bpf.o");
	struct object *b = load_as(FILE_B, "build/tests/basic.bpf.o");
	char text[128];
	struct strbuf s = STRBUF(text);
	struct prog *p;
	require(a && b);
	check_eq(EINVAL, find_prog_sentence(&p, "first"));
	check_str("there are 2 programs called first; say which: " FILE_A "/first, " FILE_B "/first", why);
	check(!prog_named("first"));
	check_eq(OK, find_prog_sentence(&p, FILE_A "/first"));
	check(p->object == a);
	check_eq(OK, find_prog_sentence(&p, FILE_B "/first"));
	check(p->object == b);
	print_prog_name(&s, p);
	check_str(FILE_B "/first", text);
	check_eq(ENOENT, find_prog_sentence(&p, FILE_B "/no_such"));
	check_eq(ENOENT, find_prog_sentence(&p, "an_object_file_whose_name_is_long/first"));
	object_unload(a);
	check_eq(OK, find_prog_sentence(&p, "first"));
	s = STRBUF(text);
	print_prog_name(&s, p);
	check_str("first", text);
	object_unload(b);
}

TEST(find_map_of_a_section_by_each_of_its_names)
{
	static const char *const names[] = { FILE_A ".bss", ".bss", FILE_A "/.bss", "an_objec.bss",
					     FILE_A "/an_objec.bss" };
	struct object *a = load_as(FILE_A, "build/tests/basic.bpf.o");
	struct map *m;
	require(a);
	for (u32 i = 0; i < array_len(names); i++) {
		check_eq(OK, find_map_sentence(&m, names[i]));
		check_str(FILE_A ".bss", m ? m->name : "");
	}
	check_eq(OK, find_map_sentence(&m, "an_objec.rodata"));
	check_str(FILE_A ".rodata", m->name);
	check_eq(ENOENT, find_map_sentence(&m, "an_obje.bss"));
	object_unload(a);
}

TEST(find_map_that_two_objects_have_needs_its_object)
{
	struct object *a = load_as(FILE_A, "build/tests/basic.bpf.o");
	struct object *b = load_as(FILE_B, "build/tests/basic.bpf.o");
	struct map *m;
	require(a && b);
	check_eq(EINVAL, find_map_sentence(&m, "seen"));
	check_str("there are 2 maps called seen; say which: " FILE_A "/seen, " FILE_B "/seen", why);
	check_eq(EINVAL, find_map_sentence(&m, "an_objec.bss"));
	check_str("there are 2 maps called an_objec.bss; say which: " FILE_A "/.bss, " FILE_B "/.bss", why);
	check_eq(OK, find_map_sentence(&m, FILE_B "/seen"));
	check(m->btf == &b->btf);
	object_unload(a);
	object_unload(b);
}
