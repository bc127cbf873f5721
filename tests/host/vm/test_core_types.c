// SPDX-License-Identifier: MIT
// vm/load/core_types.c: bpf_core_type_matches answers as libbpf does. clang has that question only from
// version 15 on, so the types of two objects are compared here.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/test.h"
#include "vm/load/core_types.h"
#include "vm/load/elf.h"

struct types {
	struct btf btf;
	void *blob;
};

static bool open_blob(struct types *t, const void *data, u32 len)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	t->blob = kmalloc(len);
	memcpy(t->blob, data, len);
	return check_eq(OK, btf_open(&t->btf, t->blob, len, &log));
}

static bool open_object(struct types *t, const char *path)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	struct elf e;
	size_t len;
	void *file = host_file(path, &len);
	if (!check(file) || !check_eq(OK, elf_open(&e, file, len, &log)))
		return false;
	struct elf_section s = elf_section(&e, elf_find(&e, ".BTF"));
	bool ok = open_blob(t, s.data, (u32)s.size);
	kfree(file);
	return ok;
}

static void close_types(struct types *t)
{
	btf_close(&t->btf);
	kfree(t->blob);
}

/* The type of the kernel that has this one's name and kind; 0 if none has. */
static u32 counterpart(const struct btf *kernel, const struct btf *local, u32 id)
{
	for (u32 i = 1; i <= kernel->count; i++)
		if (btf_kind(btf_type(kernel, i)) == btf_kind(btf_type(local, id)) &&
		    core_same_name(btf_type_name(kernel, i), btf_type_name(local, id)))
			return i;
	return 0;
}

TEST(core_types_match_as_libbpf_matches)
{
	struct types local, kernel;
	u32 yes = 0, no = 0;
	require(open_object(&local, "build/tests/match_local.bpf.o"));
	require(open_object(&kernel, "build/tests/match_kernel.bpf.o"));
	for (u32 id = 1; id <= local.btf.count; id++) {
		const char *name = btf_type_name(&local.btf, id);
		bool want = str_matches(name, "*___yes*");
		if (!want && !str_matches(name, "*___no*"))
			continue;
		u32 other = counterpart(&kernel.btf, &local.btf, id);
		if (core_types_match(&local.btf, id, &kernel.btf, other) != want)
			check_str(want ? "match" : "no match", name);
		yes += want;
		no += !want;
	}
	check(yes > 8 && no > 20);
	close_types(&local);
	close_types(&kernel);
}

#define INFO(kind, vlen) ((u32)(kind) << 24 | (vlen))

/* A blob of the words of some types, and no names. */
static bool open_words(struct types *t, const u32 *words, u32 count)
{
	u32 blob[128] = { 0x0001eb9f, 24, 0, count * 4, count * 4, 4 };
	memcpy(blob + 6, words, count * 4);
	return open_blob(t, blob, 24 + count * 4 + 4);
}

TEST(core_types_enum_matches_enum64_of_its_size)
{
	struct types a, b;
	const u32 narrow[] = { 0, INFO(BTF_ENUM, 1), 8, 0, 1 };
	u32 wide[] = { 0, INFO(BTF_ENUM64, 1), 8, 0, 5, 6 };
	require(open_words(&a, narrow, array_len(narrow)));
	require(open_words(&b, wide, array_len(wide)));
	check(core_types_match(&a.btf, 1, &b.btf, 1));
	check(core_types_match(&b.btf, 1, &a.btf, 1));
	close_types(&b);
	wide[2] = 4;
	require(open_words(&b, wide, array_len(wide)));
	check(!core_types_match(&a.btf, 1, &b.btf, 1));
	close_types(&a);
	close_types(&b);
}

/* Pointers to pointers to void: count types in all. */
static bool match_pointers(u32 count)
{
	struct types t;
	u32 words[3 * 33] = { 0 };
	for (u32 i = 0; i < count; i++) {
		words[3 * i + 1] = INFO(BTF_PTR, 0);
		words[3 * i + 2] = i;
	}
	if (!open_words(&t, words, 3 * count))
		return false;
	bool answer = core_types_match(&t.btf, count, &t.btf, count);
	close_types(&t);
	return answer;
}

TEST(core_types_match_32_deep_and_no_deeper)
{
	check(match_pointers(31));
	check(!match_pointers(32));
}

TEST(core_types_a_pointer_to_itself_ends)
{
	struct types t;
	const u32 words[] = { 0, INFO(BTF_PTR, 0), 1 };
	require(open_words(&t, words, array_len(words)));
	check(!core_types_match(&t.btf, 1, &t.btf, 1));
	close_types(&t);
}

TEST(core_types_a_flavour_is_behind_the_last_underscores)
{
	check(core_same_name("task_struct___old", "task_struct"));
	check(core_same_name("task_struct___old", "task_struct___new"));
	check(core_same_name("a___b___c", "a___b___d") && !core_same_name("a___b___c", "a"));
	check(!core_same_name("a____b", "a") && !core_same_name("a___", "a") && !core_same_name("___a", ""));
}
