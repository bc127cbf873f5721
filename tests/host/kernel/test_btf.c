// SPDX-License-Identifier: MIT
// kernel/lib/btf: what clang and pahole write is read right, and nothing malformed gets past btf_open.
#include "kernel/mem/heap.h"
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "tests/host/host.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "vm/load/elf.h"

struct fixture {
	void *file;
	struct elf elf;
	void *blob; /* the .BTF section, in a block of its own, so that the sanitizer sees its ends */
	u32 len;
	struct btf btf;
	char log_text[256];
	struct strbuf log;
};

static bool set_up(struct fixture *f, const char *path)
{
	size_t len;
	*f = (struct fixture){ 0 };
	f->log = (struct strbuf)STRBUF(f->log_text);
	f->file = host_file(path, &len);
	if (!check(f->file) || !check_eq(OK, elf_open(&f->elf, f->file, len, &f->log)))
		return false;
	struct elf_section s = elf_section(&f->elf, elf_find(&f->elf, ".BTF"));
	f->len = (u32)s.size;
	f->blob = kmalloc(s.size);
	memcpy(f->blob, s.data, s.size);
	return check_eq(OK, btf_open(&f->btf, f->blob, f->len, &f->log)) && check_str("", f->log_text);
}

static void tear_down(struct fixture *f)
{
	btf_close(&f->btf);
	kfree(f->blob);
	kfree(f->file);
}

static const char *type_text(struct btf *b, u32 id)
{
	static char text[256];
	struct strbuf s = STRBUF(text);
	btf_print_type(&s, b, id);
	return text;
}

/* The type of a member of struct everything. */
static u32 member_type(struct btf *b, const char *name)
{
	const struct btf_type *t = btf_type(b, btf_find(b, "everything", BTF_STRUCT));
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (strcmp(btf_name(b, btf_members(t)[i].name_off), name) == 0)
			return btf_members(t)[i].type;
	return 0;
}

TEST(btf_finds_types_by_kind_and_name)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	u32 id = btf_find(&f.btf, "point", BTF_STRUCT);
	check_str("point", btf_type_name(&f.btf, id));
	check_eq(8, btf_size(&f.btf, id));
	check_eq(0, btf_find(&f.btf, "point", BTF_UNION));
	check_eq(0, btf_find(&f.btf, "no such type", BTF_STRUCT));
	check_eq(BTF_VOID, btf_kind(btf_type(&f.btf, f.btf.count + 1)));
	tear_down(&f);
}

TEST(btf_prints_types_as_c_writes_them)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	check_str("struct everything", type_text(&f.btf, btf_find(&f.btf, "everything", BTF_STRUCT)));
	check_str("const volatile char *", type_text(&f.btf, member_type(&f.btf, "text")));
	check_str("int (*)(struct everything *, ...)", type_text(&f.btf, member_type(&f.btf, "call")));
	check_str("int[2][3]", type_text(&f.btf, member_type(&f.btf, "grid")));
	check_str("enum color", type_text(&f.btf, member_type(&f.btf, "color")));
	char text[128];
	struct strbuf s = STRBUF(text);
	btf_print_func(&s, &f.btf, btf_find(&f.btf, "touch", BTF_FUNC));
	check_str("int touch(struct everything * e, const char * why)", text);
	tear_down(&f);
}

TEST(btf_prints_values_by_type)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	struct elf_section data = elf_section(&f.elf, elf_find(&f.elf, ".data"));
	u8 value[256] = { 0 };
	for (u32 i = 0; i < f.elf.symbol_count; i++) {
		struct elf_symbol symbol = elf_symbol(&f.elf, i);
		if (strcmp(symbol.name, "whole") == 0)
			memcpy(value, data.data + symbol.value, symbol.size);
	}
	char text[1024];
	struct strbuf s = STRBUF(text);
	btf_print_value(&s, &f.btf, btf_find(&f.btf, "whole", BTF_VAR), value);
	check_str("{ .yes = true, .name = \"eth\\\"0\", .low = 5, .high = 17, .minus = -3, .color = BLUE, "
		  ".at = [{ .x = 1, .y = -2 },{ .x = 3, .y = 4 }], { .anonymous = 4660, .where = 0x1234 }, "
		  ".word = { .i = 67305985, .b = [1,2,3,4] }, .text = 0x0, .call = 0x0, "
		  ".grid = [[1,2,3],[4,5,6]] }",
		  text);
	tear_down(&f);
}

TEST(btf_char_array_with_junk_is_not_text)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	char text[64];
	struct strbuf s = STRBUF(text);
	btf_print_value(&s, &f.btf, member_type(&f.btf, "name"), "\1bcdefgh");
	check_str("[1,98,99,100,101,102,103,104]", text);
	s = (struct strbuf)STRBUF(text);
	btf_print_value(&s, &f.btf, member_type(&f.btf, "name"), "abcdefgh");
	check_str("\"abcdefgh\"", text);
	s = (struct strbuf)STRBUF(text);
	btf_print_value(&s, &f.btf, member_type(&f.btf, "name"), "\0\0\0\0\0\0\0");
	check_str("\"\"", text);
	tear_down(&f);
}

/* Everything that can be asked of an accepted blob. */
static void walk(struct btf *b)
{
	static u8 zeroes[1 << 16];
	char text[512];
	for (u32 id = 0; id <= b->count; id++) {
		struct strbuf s = STRBUF(text);
		btf_print_type(&s, b, id);
		if (btf_kind(btf_type(b, id)) == BTF_FUNC)
			btf_print_func(&s, b, id);
		s = (struct strbuf)STRBUF(text);
		if (btf_size(b, id) <= sizeof(zeroes))
			btf_print_value(&s, b, id, zeroes);
		btf_is_signed(b, id);
	}
}

TEST(btf_truncated_blob_is_refused_at_every_length)
{
	struct fixture f;
	const struct in_use before = in_use();
	require(set_up(&f, "build/tests/types.bpf.o"));
	for (u32 len = 0; len < f.len; len++) {
		struct btf b;
		void *part = kmalloc(max(len, 1u));
		memcpy(part, f.blob, len);
		f.log.len = 0;
		if (!check_eq(ENOEXEC, btf_open(&b, part, len, &f.log)) || !check(f.log.len))
			break;
		kfree(part);
	}
	tear_down(&f);
	check_in_use(&before);
}

TEST(btf_flipped_bits_never_lead_outside)
{
	struct fixture f;
	u32 refused = 0;
	require(set_up(&f, "build/tests/types.bpf.o"));
	const struct in_use before = in_use();
	for (u32 bit = 0; bit < f.len * 8; bit++) {
		struct btf b;
		u8 *byte = (u8 *)f.blob + bit / 8;
		*byte ^= 1u << bit % 8;
		f.log = (struct strbuf)STRBUF(f.log_text);
		if (btf_open(&b, f.blob, f.len, &f.log)) {
			refused++;
			if (!check(f.log.len))
				return;
		} else {
			walk(&b);
			btf_close(&b);
		}
		*byte ^= 1u << bit % 8;
	}
	check(refused > f.len / 8);
	check_in_use(&before);
	tear_down(&f);
}

TEST(btf_open_without_memory_leaves_nothing)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	const struct in_use before = in_use();
	for (u32 nth = 1; nth <= 2; nth++) {
		struct btf b;
		heap_fail_after(nth);
		check_eq(ENOMEM, btf_open(&b, f.blob, f.len, &f.log));
	}
	heap_fail_after(0);
	check_in_use(&before);
	tear_down(&f);
}

/* A blob made by hand: header, the words of its types, strings. */
static enum err open_words(const u32 *words, u32 count, char *why, u32 why_size)
{
	struct strbuf log = { .buf = why, .cap = why_size };
	struct btf b;
	u32 len = 24 + count * 4 + 4;
	u32 *blob = kzalloc(len);
	memcpy(blob, (u32[]){ 0x0001eb9f, 24, 0, count * 4, count * 4, 4 }, 24);
	memcpy(blob + 6, words, count * 4);
	why[0] = 0;
	enum err e = btf_open(&b, blob, len, &log);
	if (!e) {
		walk(&b);
		btf_close(&b);
	}
	kfree(blob);
	return e;
}

#define INFO(kind, vlen) ((u32)(kind) << 24 | (vlen))

TEST(btf_type_that_holds_itself_is_refused)
{
	char why[128];
	u32 typedefs[] = { 0, INFO(BTF_TYPEDEF, 0), 2, 0, INFO(BTF_CONST, 0), 1 };
	check_eq(ENOEXEC, open_words(typedefs, array_len(typedefs), why, sizeof(why)));
	check(str_matches(why, "*holds itself*"));
	u32 structure[] = { 0, INFO(BTF_STRUCT, 1), 8, 0, 1, 0 };
	check_eq(ENOEXEC, open_words(structure, array_len(structure), why, sizeof(why)));
	u32 pointer[] = { 0, INFO(BTF_PTR, 0), 1 };
	check_eq(OK, open_words(pointer, array_len(pointer), why, sizeof(why)));
}

TEST(btf_nests_64_deep_and_no_deeper)
{
	char why[128];
	u32 words[65 * 3];
	for (u32 depth = 63; depth <= 65; depth++) {
		for (u32 i = 0; i < depth; i++)
			memcpy(words + i * 3, (u32[]){ 0, INFO(BTF_CONST, 0), i + 2 <= depth ? i + 2 : 0 },
			       12);
		check_eq(depth <= 64 ? OK : ENOEXEC, open_words(words, depth * 3, why, sizeof(why)));
	}
}

TEST(btf_array_may_be_huge_but_not_in_a_struct)
{
	char why[128];
	u32 words[] = { 0,          INFO(BTF_INT, 0),
			4,          32,
			0,          INFO(BTF_ARRAY, 0),
			0,          1,
			1,          0xffffffff,
			0,          INFO(BTF_STRUCT, 1),
			0x1fffffff, 0,
			2,          0 };
	check_eq(OK, open_words(words, 10, why, sizeof(why)));
	check_eq(ENOEXEC, open_words(words, array_len(words), why, sizeof(why)));
	check(str_matches(why, "*has a member that does not fit in it"));
}

TEST(btf_forward_enum_has_neither_size_nor_values)
{
	char why[128];
	u32 words[] = {
		0, INFO(BTF_ENUM, 0), 0, 0, INFO(BTF_PTR, 0), 1, 0, INFO(BTF_ENUM64, 0) | 1u << 31, 0
	};
	check_eq(OK, open_words(words, array_len(words), why, sizeof(why)));
	words[2] = 3;
	check_eq(ENOEXEC, open_words(words, array_len(words), why, sizeof(why)));
	u32 with_value[] = { 0, INFO(BTF_ENUM, 1), 0, 0, 7 };
	check_eq(ENOEXEC, open_words(with_value, array_len(with_value), why, sizeof(why)));
	u32 by_value[] = { 0, INFO(BTF_ENUM, 0), 0, 0, INFO(BTF_STRUCT, 1) | 1u << 31, 8, 0, 1, 4u << 24 };
	check_eq(ENOEXEC, open_words(by_value, array_len(by_value), why, sizeof(why)));
	check(str_matches(why, "*has a member that does not fit in it"));
}

TEST(btf_enum64_and_tags_are_read)
{
	char why[128];
	u32 words[] = { 0,
			INFO(BTF_ENUM64, 1) | 1u << 31,
			8,
			0,
			0xfffffffe,
			0xffffffff,
			0,
			INFO(BTF_TYPE_TAG, 0),
			1,
			0,
			INFO(BTF_DECL_TAG, 0),
			2,
			0xffffffff,
			0,
			INFO(BTF_FLOAT, 0),
			8 };
	check_eq(OK, open_words(words, array_len(words), why, sizeof(why)));
	words[1] = INFO(20, 1);
	check_eq(ENOEXEC, open_words(words, array_len(words), why, sizeof(why)));
}

TEST(btf_longer_header_is_accepted)
{
	struct fixture f;
	require(set_up(&f, "build/tests/types.bpf.o"));
	u8 *longer = kzalloc(f.len + 8);
	memcpy(longer, f.blob, 24);
	memcpy(longer + 32, (u8 *)f.blob + 24, f.len - 24);
	((u32 *)longer)[1] = 32;
	struct btf b;
	require(check_eq(OK, btf_open(&b, longer, f.len + 8, &f.log)));
	check_eq(f.btf.count, b.count);
	btf_close(&b);
	kfree(longer);
	tear_down(&f);
}
