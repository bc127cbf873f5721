// SPDX-License-Identifier: MIT
// kernel/lib/mem: every length and alignment around the word. Runs on host and machine; on the host
// the names are changed so that ours are tested and not the C library's.
#define MEM_FUNCTIONS
#include "kernel/lib/mem.h"
#include "kernel/lib/sorted.h"
#include "tests/test.h"

enum { SPACE = 64 };

static void fill(u8 *buf, u8 first)
{
	for (u32 i = 0; i < SPACE; i++)
		buf[i] = (u8)(first + i);
}

TEST(mem_copies_exactly_the_bytes_asked_for)
{
	u8 src[SPACE], dst[SPACE];
	for (u32 from = 0; from < 9; from++)
		for (u32 to = 0; to < 9; to++)
			for (u32 len = 0; len < 40; len++) {
				fill(src, 1);
				fill(dst, 101);
				if (!check(memcpy(dst + to, src + from, len) == dst + to))
					return;
				for (u32 i = 0; i < SPACE; i++) {
					bool inside = i >= to && i < to + len;
					if (!check_eq(inside ? 1 + from + i - to : (u8)(101 + i), dst[i]))
						return;
				}
			}
}

TEST(mem_moves_overlapping_bytes_both_ways)
{
	for (u32 from = 0; from < 20; from++)
		for (u32 to = 0; to < 20; to++)
			for (u32 len = 0; len < 40; len++) {
				u8 buf[SPACE];
				fill(buf, 1);
				memmove(buf + to, buf + from, len);
				for (u32 i = 0; i < SPACE; i++) {
					bool inside = i >= to && i < to + len;
					if (!check_eq(inside ? 1 + from + i - to : 1 + i, buf[i]))
						return;
				}
			}
}

TEST(mem_sets_exactly_the_bytes_asked_for)
{
	for (u32 at = 0; at < 9; at++)
		for (u32 len = 0; len < 40; len++) {
			u8 buf[SPACE];
			fill(buf, 1);
			memset(buf + at, 0x1ee, len); /* only the low byte counts */
			for (u32 i = 0; i < SPACE; i++)
				if (!check_eq(i >= at && i < at + len ? 0xee : 1 + i, buf[i]))
					return;
		}
}

TEST(mem_compares_as_unsigned_bytes)
{
	check(memcmp("abc", "abd", 3) < 0);
	check(memcmp("abd", "abc", 3) > 0);
	check(memcmp("\xff", "\x01", 1) > 0);
	check(memcmp("abc", "abd", 2) == 0);
	check(memcmp("a", "b", 0) == 0);
}

/* One byte differs, at each place of each length; and the bytes around do not count. */
TEST(mem_compare_finds_the_first_difference)
{
	u8 a[SPACE], b[SPACE];
	for (u32 from = 0; from < 9; from++)
		for (u32 len = 0; len < 40; len++)
			for (u32 at = 0; at <= len; at++) {
				fill(a, 1);
				fill(b, 1);
				b[from + at] = 0xfe;
				b[from + at + 1] = 0;
				int got = memcmp(a + from, b + from, len);
				if (!check(at == len ? got == 0 : got < 0) ||
				    !check_eq(-got, memcmp(b + from, a + from, len)))
					return;
			}
}

TEST(mem_string_functions_stop_at_the_0)
{
	check_eq(0, strlen(""));
	check_eq(3, strlen("abc"));
	check_eq(2, strnlen("abc", 2));
	check_eq(3, strnlen("abc", 9));
	check(strcmp("abc", "abc") == 0 && strcmp("ab", "abc") < 0 && strcmp("b", "abc") > 0);
	check(strcmp("\xff", "a") > 0);
	check(strncmp("abx", "aby", 2) == 0 && strncmp("abx", "aby", 3) < 0 && strncmp("a", "b", 0) == 0);
}

TEST(mem_str_copy_always_ends)
{
	char buf[4] = "zzz";
	str_copy(buf, "abcdef", sizeof(buf));
	check_str("abc", buf);
	str_copy(buf, "", sizeof(buf));
	check_str("", buf);
	str_copy(buf, "x", 1);
	check_str("", buf);
}

TEST(mem_patterns_match_whole_strings)
{
	check(str_matches("", "") && str_matches("", "*") && !str_matches("", "?"));
	check(str_matches("kfree_skb", "kfree_skb") && !str_matches("kfree_skb", "kfree"));
	check(str_matches("kfree_skb", "k*skb") && str_matches("kfree_skb", "*_*"));
	check(str_matches("aXbXc", "*X?") && !str_matches("aXbX", "*X?"));
	check(str_matches("abab", "*ab") && !str_matches("abac", "*ab"));
	check(str_is_pattern("*") && str_is_pattern("skb?") && !str_is_pattern("kfree_skb") &&
	      !str_is_pattern(""));
}

TEST(mem_until_a_character)
{
	check_eq(9, str_until("kfree_skb+5", '+'));
	check_eq(0, str_until("+5+", '+'));
	check_eq(3, str_until("skb", '+'));
	check_eq(0, str_until("", '+'));
}

TEST(mem_base_of_a_path)
{
	check_str("my.bpf.c", str_base("/home/me/my.bpf.c"));
	check_str("my.bpf.c", str_base("my.bpf.c"));
	check_str("", str_base("dir/"));
	check_str("", str_base(""));
}

/* Tables of each length up to 40, with keys twice in them. */
TEST(mem_sorted_tables_are_searched_by_halving)
{
	struct row {
		u8 pad;
		u32 key;
	} rows[40];
	u32 seed = 1;
	for (u32 count = 0; count <= array_len(rows); count++) {
		for (u32 i = 0; i < count; i++)
			rows[i].key = (seed = seed * 1103515245 + 12345) >> 16 & 31;
		sort_by(rows, count, key);
		for (u32 i = 1; i < count; i++)
			check(rows[i - 1].key <= rows[i].key);
		for (u32 key = 0; key <= 32; key++) {
			u32 i = lower_bound(rows, count, key, key);
			check((i == count || rows[i].key >= key) && (!i || rows[i - 1].key < key));
		}
	}
}
