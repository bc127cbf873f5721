// SPDX-License-Identifier: MIT
#include "kernel/layout.h"
#include "kernel/lib/code.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/probe.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "tests/test.h"

TEST(text_block_is_full_of_int3_and_not_writable)
{
	struct text t = { .name = "block" };
	require(text_alloc(&t, 333) == OK);
	check_eq(0, t.base % TEXT_ALIGN);
	check(t.base >= KERNEL_BASE);
	u32 other = 0;
	for (u32 i = 0; i < t.len; i++)
		other += ((u8 *)t.base)[i] != 0xcc;
	check_eq(0, other);
	check_eq(EFAULT, probe_write(t.base, "X", 1));
	text_free(&t);
}

TEST(text_written_code_runs)
{
	static const u8 code[] = { 0x8d, 0x47, 0x07, 0xc3 }; /* lea eax, [rdi + 7]; ret */
	struct text t = { .name = "add_seven" };
	require(text_alloc(&t, sizeof(code)) == OK);
	text_write(t.base, code, sizeof(code));
	check_eq(42, ((u32(*)(u32))t.base)(35));
	text_free(&t);
	check_eq(0xcc, *(u8 *)t.base);
}

static enum err write_five(struct code *c, unused void *arg)
{
	put(c, 0xc305b0, 3); /* mov al, 5; ret */
	return c->err;
}

TEST(text_make_gives_back_what_was_not_written)
{
	struct text t = { .name = "five" };
	u32 bytes, count, bytes_after;
	text_usage(&bytes, &count);
	require(text_make(&t, PAGE_SIZE, write_five, NULL) == OK);
	check_eq(5, ((u8(*)(void))t.base)());
	check_eq(3, t.len);
	check(text_find(t.base + 3) != &t);
	text_usage(&bytes_after, &count);
	check_eq(bytes + TEXT_ALIGN, bytes_after);
	text_free(&t);
}

TEST(text_make_leaves_nothing_when_its_writer_fails)
{
	struct text t = { .name = "five" };
	u32 bytes, count, bytes_after, count_after;
	text_usage(&bytes, &count);
	check_eq(ENOSPC, text_make(&t, 2, write_five, NULL));
	text_usage(&bytes_after, &count_after);
	check_eq(bytes, bytes_after);
	check_eq(count, count_after);
	check(!text_find(t.base));
}

static const u8 *wanted_now;
static void want_of(uptr base, unused u32 len, const u8 *wanted, void *t)
{
	if (base == ((struct text *)t)->base)
		wanted_now = wanted;
}

static enum err write_and_visit(struct code *c, void *t)
{
	put(c, 0xc305b0, 3);
	wanted_now = c->buf;
	text_visit(want_of, t);
	check(!wanted_now);
	return c->err;
}

TEST(text_that_is_being_written_is_known_as_int3)
{
	struct text t = { .name = "five" };
	require(text_make(&t, 3, write_and_visit, &t) == OK);
	text_visit(want_of, &t);
	require(wanted_now);
	check_eq(0xb0, *wanted_now);
	text_free(&t);
}

TEST(text_find_knows_a_block_from_first_to_last_byte)
{
	struct text a = { .name = "a" }, b = { .name = "b" };
	require(text_alloc(&a, 33) == OK && text_alloc(&b, 5) == OK);
	check(text_find(a.base) == &a);
	check(text_find(a.base + 32) == &a);
	check(text_find(a.base + 33) != &a);
	check(text_find(b.base + 4) == &b);
	check(!text_find(b.base + 5));
	check(!text_find(0));
	check(!text_find((uptr)text_find));
	text_free(&a);
	check(!text_find(a.base));
	check(text_find(b.base) == &b);
	text_free(&b);
}

TEST(text_writes_across_a_page)
{
	struct text t = { .name = "long" };
	u8 bytes[64];
	require(text_alloc(&t, 3 * PAGE_SIZE) == OK);
	uptr end = align_up(t.base + PAGE_SIZE, (uptr)PAGE_SIZE);
	for (u32 i = 0; i < sizeof(bytes); i++)
		bytes[i] = (u8)i;
	text_write(end - 13, bytes, sizeof(bytes));
	check_eq(0, memcmp((void *)(end - 13), bytes, sizeof(bytes)));
	check_eq(0xcc, *(u8 *)(end - 14));
	check_eq(0xcc, *(u8 *)(end - 13 + sizeof(bytes)));
	text_free(&t);
}

TEST(text_comes_back_and_is_used_again)
{
	static struct text blocks[200];
	u32 bytes, count, bytes_after, count_after;
	text_usage(&bytes, &count);
	for (u32 i = 0; i < array_len(blocks); i++)
		require(text_alloc(&blocks[i], 1 + i * 7) == OK);
	uptr hole = blocks[50].base;
	for (u32 i = 0; i < array_len(blocks); i++)
		for (u32 k = i ? i - 1 : 0; k < i; k++)
			check(blocks[k].base + blocks[k].len <= blocks[i].base ||
			      blocks[i].base + blocks[i].len <= blocks[k].base);
	text_free(&blocks[50]);
	require(text_alloc(&blocks[50], 1 + 50 * 7) == OK);
	check_eq(hole, blocks[50].base);
	for (u32 i = 0; i < array_len(blocks); i++)
		text_free(&blocks[i]);
	text_usage(&bytes_after, &count_after);
	check_eq(bytes, bytes_after);
	check_eq(count, count_after);
}

TEST(text_takes_more_than_one_chunk)
{
	struct text big = { .name = "big" }, small = { .name = "small" };
	require(text_alloc(&big, 3 << 20) == OK);
	require(text_alloc(&small, 1) == OK);
	check(text_find(big.base + (3 << 20) - 1) == &big);
	check_eq(EFAULT, probe_write(big.base + (3 << 20) - 1, "X", 1));
	text_free(&small);
	text_free(&big);
}

/* mov rax, [rdi]; mov ecx, 5; add rax, rcx; ret: the load at 0 may fault, then rax = 0 and on at 3. */
TEST(text_fixup_makes_a_faulting_load_zero)
{
	static const u8 code[] = { 0x48, 0x8b, 0x07, 0xb9, 5, 0, 0, 0, 0x48, 0x01, 0xc8, 0xc3 };
	static const struct text_fixup fixups[] = { { .at = 0, .resume = 3, .dst_reg = 0 } };
	struct text t = { .name = "load", .fixups = fixups, .fixup_count = 1 };
	require(text_alloc(&t, sizeof(code)) == OK);
	text_write(t.base, code, sizeof(code));
	u64 (*load)(uptr at) = (void *)t.base;
	u64 value = 37;
	check_eq(42, load((uptr)&value));
	check_eq(5, load(8));
	check_eq(5, load(0x8000000000000000));
	text_free(&t);
}

/* The same load into r13 with three rows before and after it: the right register, the right row. */
TEST(text_fixup_finds_its_row_and_register)
{
	static const u8 code[] = { 0x41, 0x55,                   /* push r13 */
				   0x49, 0xc7, 0xc5, 9, 0, 0, 0, /* mov r13, 9 */
				   0x4c, 0x8b, 0x2f,             /* mov r13, [rdi] */
				   0x4c, 0x89, 0xe8,             /* mov rax, r13 */
				   0x41, 0x5d, 0xc3 };           /* pop r13; ret */
	static const struct text_fixup fixups[] = { { .at = 0, .resume = 15, .dst_reg = 0xff },
						    { .at = 2, .resume = 15, .dst_reg = 0xff },
						    { .at = 9, .resume = 12, .dst_reg = 13 },
						    { .at = 15, .resume = 15, .dst_reg = 0xff } };
	struct text t = { .name = "load13", .fixups = fixups, .fixup_count = array_len(fixups) };
	require(text_alloc(&t, sizeof(code)) == OK);
	text_write(t.base, code, sizeof(code));
	u64 (*load)(uptr at) = (void *)t.base;
	u64 value = 77;
	check_eq(77, load((uptr)&value));
	check_eq(0, load(16));
	text_free(&t);
}

TEST(text_block_has_a_symbol)
{
	char name[64];
	struct strbuf s = STRBUF(name);
	struct text t = { .name = "bpf_prog_test" };
	require(text_alloc(&t, 64) == OK);
	sym_print(&s, t.base + 0x12);
	check_str("bpf_prog_test+0x12", name);
	text_free(&t);
}
