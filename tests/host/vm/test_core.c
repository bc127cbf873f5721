// SPDX-License-Identifier: MIT
// vm/load/core.c: programs compiled for other layouts read the right bytes of this kernel's types.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/host/object.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "vm/object.h"
#include "vm/load/core.h"
#include "vm/load/elf.h"
#include "vm/run/map.h"

/* The imaginary kernel of tests/progs/kernel_types.bpf.c, as its C compiler lays it out. */
struct inner {
	int unrelated, value;
};
struct thing {
	long long moved_everything;
	char comm[16];
	struct {
		int hidden;
		union {
			int first;
			unsigned int second;
		};
	};
	unsigned int flags_low : 3, flags_high : 9;
	int minus : 4;
	unsigned char narrow;
	unsigned long long grown;
	int numbers[4];
	struct inner in[3];
	struct inner *pointer;
	int mood;
	short became_signed;
};

static struct btf kernel;
static void *kernel_blob;

static bool set_kernel(void)
{
	struct strbuf log = STRBUF(why);
	struct elf e;
	size_t len;
	void *file = host_file("build/tests/kernel_types.bpf.o", &len);
	if (!check(file) || !check_eq(OK, elf_open(&e, file, len, &log)))
		return false;
	struct elf_section s = elf_section(&e, elf_find(&e, ".BTF"));
	kernel_blob = kmalloc(s.size);
	memcpy(kernel_blob, s.data, s.size);
	check_eq(OK, btf_open(&kernel, kernel_blob, (u32)s.size, &log));
	kfree(file);
	vm_init(&kernel);
	host_mark("target");
	host_mark("take_half");
	return true;
}

static void forget_kernel(void)
{
	vm_init(NULL);
	btf_close(&kernel);
	kfree(kernel_blob);
}

/* Runs a program of core.bpf.c on a thing; its results must hold each of the texts. */
static void run(const char *program, enum prog_mode mode, struct thing *thing, const char *const *wanted,
		u32 count)
{
	char text[1024], pattern[64];
	struct strbuf s = STRBUF(text);
	u64 ctx[] = { (uptr)thing };
	require(set_kernel());
	struct object *o = load_object("build/tests/core.bpf.o", mode);
	if (o) {
		const struct map *m = o->maps[0];
		prog_named(program)->entry(ctx);
		btf_print_value(&s, m->btf, m->value_type, m->values);
		object_unload(o);
	}
	forget_kernel();
	for (u32 i = 0; i < count; i++) {
		struct strbuf p = STRBUF(pattern);
		str_printf(&p, i + 1 < count ? "*.%s, *" : "*.%s*", wanted[i]);
		if (!str_matches(text, pattern))
			check_str(wanted[i], text);
	}
}

static void check_relocated(enum prog_mode mode)
{
	struct inner pointed = { .value = 88 };
	struct thing thing = {
		.comm = "abc",
		.hidden = 4,
		.first = -5,
		.flags_low = 7,
		.flags_high = 300,
		.minus = -3,
		.narrow = 200,
		.grown = 0x1122334455667788,
		.numbers = { 1, -2, 3 },
		.in = { { 1, 55 } },
		.pointer = &pointed,
	};
	static const char *const wanted[] = {
		"comm = 98",
		"first = -5",
		"hidden = 4",
		"second = -5",
		"high = 300",
		"minus = -3",
		"narrow = 200",
		"numbers = -2",
		"in = 55",
		"pointer = 88",
		"grown = 1234605616436508552",
	};
	run("relocated", mode, &thing, wanted, array_len(wanted));
}

TEST(core_reads_fields_where_the_kernel_has_them_interpreted)
{
	check_relocated(PROG_INTERPRET);
}

TEST(core_reads_fields_where_the_kernel_has_them_compiled)
{
	check_relocated(PROG_JIT);
}

TEST(core_answers_what_exists)
{
	struct thing thing = { 0 };
	static const char *const wanted[] = {
		"has_first = 2",
		"has_none = 1",
		"none = 77",
		"no_struct = 0",
		"no_size = 1",
		"has_type = 2",
		"no_type = 1",
		"field_size = 16",
		"calm = 3",
		"glad = 70000",
		"wide_minus = 18446744073709551609",
		"has_calm = 2",
		"has_no_mood = 1",
	};
	run("asked", PROG_JIT, &thing, wanted, array_len(wanted));
}

TEST(core_refuses_a_signed_field_of_another_size)
{
	struct object *o;
	require(set_kernel());
	check_eq(ENOENT, try_object(&o, "core", "build/tests/refuse_core_size.bpf.o", PROG_JIT));
	check(str_matches(
	    why, "*this needs struct thing.became_signed, but the kernel's field has another size*"));
	check(str_matches(why, "*refuse_core_size.bpf.c:11*"));
	forget_kernel();
}

TEST(core_refuses_candidates_that_differ)
{
	struct object *o;
	require(set_kernel());
	check_eq(EINVAL, try_object(&o, "core", "build/tests/refuse_core_two.bpf.o", PROG_JIT));
	check(str_matches(why, "*against twice: the kernel has several such types, which differ"));
	forget_kernel();
}

struct lacking {
	u32 way;
	const char *place, *needed, *why;
};

static const struct lacking lackings[] = {
	{ 1, "100", "struct thing___new.missing",
	  "the kernel's type has no such field; ask bpf_core_field_exists*" },
	{ 2, "102", "struct thing___new.missing", "*no such field*" },
	{ 3, "104", "struct thing___new.missing", "*no such field*" },
	{ 4, "106", "struct own_context.thing", "the kernel has no such type; a program's own types *" },
	{ 5, "108", "enum mood___local.MOOD_NONE", "the kernel's type has no such enumerator; ask *" },
	{ 6, "110", "struct thing___new.missing", "*no such field*" },
	{ 7, "112", "struct thing___new.wide", "*no such field*" },
	{ 8, "115", "struct thing___new.missing", "*no such field*" },
	{ 9, "36", "struct thing___new.missing", "*no such field*" },
	{ 10, "43", "struct thing___new.missing", "*no such field*" },
	{ 11, "122", "struct thing___new.nested.deep[2]", "*no such field*" },
	{ 12, "124", "struct thing___new.became_signed", "*has another size*" },
	{ 13, "127", "struct thing___new.missing", "*no such field*" },
	{ 14, "130", "struct thing___new.missing", "*no such field*" },
	{ 15, "132", "struct thing___new.missing", "*no such field*" },
};

TEST(core_refuses_what_the_kernel_lacks_where_it_is_reached)
{
	char path[64], pattern[256];
	require(set_kernel());
	const struct in_use before = in_use();
	for (u32 i = 0; i < array_len(lackings); i++) {
		const struct lacking *l = &lackings[i];
		char line[64];
		struct strbuf s = STRBUF(path), want = STRBUF(pattern), at = STRBUF(line);
		struct object *o;
		str_printf(&s, "build/tests/core_lacks_%u.bpf.o", l->way);
		str_printf(&want, "program program: *this needs %s, but %s*", l->needed, l->why);
		str_printf(&at, "*core_lacks.bpf.c:%s*", l->place);
		enum err e = try_object(&o, "core", path, PROG_JIT);
		if (!check_eq(ENOENT, e) || !str_matches(why, pattern))
			check_str(pattern, why);
		if (!str_matches(why, line))
			check_str(line, why);
		if (o)
			object_unload(o);
	}
	check_in_use(&before);
	forget_kernel();
}

TEST(core_type_must_be_that_of_the_object)
{
	static const char *const whys[] = {
		[8] = "r1 (argument 1 of *) is a struct sk_buff; it is taken for a struct task_struct;",
		[9] = "r1 is a struct sock; it is taken for a struct sk_buff;",
		[10] = "r1 * is a struct sk_buff; it is taken for a struct sock;"
	};
	char path[64], pattern[128];
	if (!has_kernel_btf())
		return;
	for (u32 way = 1; way < array_len(whys); way++) {
		struct strbuf s = STRBUF(path), want = STRBUF(pattern);
		struct object *o;
		str_printf(&s, "build/tests/taken_as_%u.bpf.o", way);
		str_printf(&want, "*%s*", whys[way] ? whys[way] : "");
		enum err e = try_object(&o, "taken_as", path, PROG_JIT);
		if (!check_eq(whys[way] ? EINVAL : OK, e) || !str_matches(why, pattern))
			check_str(pattern, why);
		if (o)
			object_unload(o);
	}
	vm_init(NULL);
}

TEST(core_takes_what_the_kernel_lacks_behind_a_question)
{
	char path[64];
	require(set_kernel());
	for (u32 i = 0; i < 12; i++) {
		static const char *const levels[] = { "O1", "O2", "O3", "Os" };
		struct strbuf s = STRBUF(path);
		struct object *o;
		str_printf(&s, "build/tests/core_guards_%s_v%u.bpf.o", levels[i / 3], i % 3 + 1);
		if (!check_eq(OK, try_object(&o, "core", path, PROG_JIT)))
			check_str(path, why);
		if (o)
			object_unload(o);
	}
	forget_kernel();
}

TEST(core_keeps_to_the_types_that_had_the_first_field)
{
	struct object *o;
	require(set_kernel());
	check_eq(ENOENT, try_object(&o, "core", "build/tests/refuse_core_halves.bpf.o", PROG_JIT));
	check(str_matches(why, "*this needs struct half.right, but the kernel's type has no such field; ask "
			       "bpf_core_field_exists first*"));
	check(str_matches(why, "*refuse_core_halves.bpf.c:12*"));
	forget_kernel();
}

TEST(core_without_kernel_types_is_refused)
{
	struct object *o;
	check_eq(EOPNOTSUPP, try_object(&o, "core", "build/tests/core.bpf.o", PROG_JIT));
	check(str_matches(why, "*the kernel has no BTF"));
}

TEST(core_fails_whole_at_every_allocation)
{
	require(set_kernel());
	const struct in_use before = in_use();
	enum err e = ENOMEM;
	for (u32 nth = 1; e && nth < 200; nth++) {
		struct object *o;
		void *file;
		size_t len;
		struct strbuf log = STRBUF(why);
		file = host_file("build/tests/core.bpf.o", &len);
		require(file);
		heap_fail_after(nth);
		e = object_load(&o, "core", file, len, PROG_JIT, &log);
		heap_fail_after(0);
		kfree(file);
		if (!e)
			object_unload(o);
		if (!check_in_use(&before))
			break;
	}
	check_eq(OK, e);
	forget_kernel();
}

TEST(core_malformed_records_are_refused)
{
	static const struct core_record records[] = {
		{ .type = 0 },
		{ .type = 0xffffff },
		{ .type = 1, .access_off = 0xffffff },
		{ .type = 1, .kind = 13 },
	};
	struct insn insns[2] = { { .op = OPCODE_MOV64_K }, { .op = OPCODE_LD_IMM64 } };
	struct prog p = { .insns = insns, .insn_count = 2 };
	struct core core = { .local = &kernel, .kernel = &kernel };
	struct strbuf log = STRBUF(why);
	require(set_kernel());
	for (u32 i = 0; i < array_len(records); i++)
		check_eq(ENOEXEC, core_apply(&core, &records[i], &p, 0, &log));
	/* A type's name is no access string; the last instruction is cut off. */
	struct core_record r = { .type = 1, .access_off = btf_type(&kernel, 1)->name_off, .kind = 8 };
	check_eq(ENOEXEC, core_apply(&core, &r, &p, 1, &log));
	forget_kernel();
}

TEST(core_flipped_bits_never_lead_outside)
{
	struct strbuf log = STRBUF(why);
	struct object *o;
	size_t len;
	u8 *file = host_file("build/tests/core.bpf.o", &len);
	require(file && set_kernel());
	const struct in_use before = in_use();
	for (size_t at = 0; at < len; at++) {
		u8 bit = (u8)(1u << at % 8);
		file[at] ^= bit;
		log = (struct strbuf)STRBUF(why);
		if (!object_load(&o, "core", file, len, PROG_INTERPRET, &log))
			object_unload(o);
		file[at] ^= bit;
	}
	check_in_use(&before);
	forget_kernel();
	kfree(file);
}
