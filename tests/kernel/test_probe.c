// SPDX-License-Identifier: MIT
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/probe.h"
#include "tests/test.h"

/* An address with nothing mapped, and a non-canonical address, which faults as #GP. */
enum { UNMAPPED = 0x10 };
#define NON_CANONICAL 0x8000000000000000ul

TEST(probe_reads_what_is_there)
{
	static const char text[] = "0123456789abcdefghi";
	char copy[32];
	for (u32 from = 0; from < 4; from++) {
		for (u32 len = 0; len <= 16; len++) {
			memset(copy, 0x55, sizeof(copy));
			check_eq(OK, probe_read(copy, (uptr)text + from, len));
			check_eq(0, memcmp(copy, text + from, len));
			check_eq(0x55, copy[len]);
		}
	}
}

TEST(probe_read_of_nothing_fails_and_clears)
{
	static const uptr nowhere[] = { 0, UNMAPPED, NON_CANONICAL, FIXMAP_BASE + 0x3ff000, ~0ul - 7 };
	for (u32 i = 0; i < array_len(nowhere); i++) {
		for (u32 len = 1; len <= 8; len += 7) {
			u64 v = ~0ull;
			check_eq(EFAULT, probe_read(&v, nowhere[i], len));
			check_eq(len == 8 ? 0 : ~0ull << 8, v);
		}
	}
}

/* Two pages, the second of which is not mapped. */
static u8 *half_a_block(void)
{
	u8 *block = page_alloc(1);
	if (block && paging_protect((uptr)block + PAGE_SIZE, 1, PAGE_NONE) == OK)
		return block;
	return NULL;
}

static void free_half_a_block(u8 *block)
{
	check_eq(OK, paging_protect((uptr)block + PAGE_SIZE, 1, PAGE_READ | PAGE_WRITE));
	page_free(block);
}

TEST(probe_stops_at_the_end_of_a_page)
{
	u8 *block = half_a_block();
	require(block);
	u8 *end = block + PAGE_SIZE;
	u8 copy[16];
	memset(block, 7, PAGE_SIZE);
	check_eq(OK, probe_read(copy, (uptr)end - 13, 13));
	check_eq(7, copy[12]);
	check_eq(EFAULT, probe_read(copy, (uptr)end - 13, 14));
	check_eq(0, copy[0]);
	check_eq(OK, probe_write((uptr)end - 3, "xyz", 3));
	check_eq('z', end[-1]);
	check_eq(EFAULT, probe_write((uptr)end - 2, "xyz", 3));
	free_half_a_block(block);
}

TEST(probe_read_str_ends_and_cuts)
{
	char copy[8];
	check_eq(4, probe_read_str(copy, (uptr) "abc", sizeof(copy)));
	check_str("abc", copy);
	check_eq(4, probe_read_str(copy, (uptr) "abcdef", 4));
	check_str("abc", copy);
	check_eq(1, probe_read_str(copy, (uptr) "abcdef", 1));
	check_str("", copy);
	copy[0] = 'x';
	check_eq(0, probe_read_str(copy, UNMAPPED, sizeof(copy)));
	check_str("", copy);
	check_eq(0, probe_read_str(copy, NON_CANONICAL, sizeof(copy)));
}

TEST(probe_read_str_does_not_look_behind_the_end)
{
	u8 *block = half_a_block();
	char copy[8];
	require(block);
	memcpy(block + PAGE_SIZE - 3, "ab", 3);
	check_eq(3, probe_read_str(copy, (uptr)block + PAGE_SIZE - 3, sizeof(copy)));
	block[PAGE_SIZE - 1] = 'c';
	check_eq(0, probe_read_str(copy, (uptr)block + PAGE_SIZE - 3, sizeof(copy)));
	free_half_a_block(block);
}

TEST(probe_write_spares_what_is_read_only)
{
	static const char constant[] = "constant";
	extern u8 text_start[];
	check_eq(EFAULT, probe_write((uptr)constant, "X", 1));
	check_eq(EFAULT, probe_write((uptr)text_start, "X", 1));
	check_eq(EFAULT, probe_write(NON_CANONICAL, "12345678", 8));
	check_eq('c', read_once(constant[0]));
}

TEST(probe_cmpxchg_changes_what_is_equal)
{
	u64 cell = 0x100000005, old = 4;
	check_eq(OK, probe_cmpxchg((uptr)&cell, &old, 6, 4));
	check_eq(5, old);
	check_eq(OK, probe_cmpxchg((uptr)&cell, &old, 6, 4));
	check_eq(0x100000006, cell);
	old = 6;
	check_eq(OK, probe_cmpxchg((uptr)&cell, &old, 7, 8));
	check_eq(0x100000006, old);
	check_eq(OK, probe_cmpxchg((uptr)&cell, &old, 7, 8));
	check_eq(7, cell);
}

TEST(probe_cmpxchg_of_what_cannot_be_written_fails)
{
	extern u8 text_start[];
	static const uptr nowhere[] = { 0, UNMAPPED, NON_CANONICAL, (uptr)text_start };
	for (u32 i = 0; i < array_len(nowhere); i++) {
		u64 old = 0;
		check_eq(EFAULT, probe_cmpxchg(nowhere[i], &old, 0, 4));
		check_eq(EFAULT, probe_cmpxchg(nowhere[i], &old, 0, 8));
	}
}
