// SPDX-License-Identifier: MIT
// kernel/lib/fmt: each conversion, padding, and what does not fit. Runs on host and machine.
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "tests/test.h"

#define check_fmt(want, ...)                    \
	do {                                    \
		char text[128];                 \
		struct strbuf s = STRBUF(text); \
		str_printf(&s, __VA_ARGS__);    \
		check_str(want, text);          \
	} while (0)

TEST(fmt_integers_of_every_length)
{
	check_fmt("-1 4294967295 ffffffff", "%d %u %x", -1, -1u, -1);
	check_fmt("-9223372036854775808", "%lld", (long long)(1ull << 63));
	check_fmt("18446744073709551615 0", "%llu %llu", ~0ull, 0ull);
	check_fmt("255 -1 65535", "%hhu %hhd %hu", 255, 255, 65535);
	check_fmt("ABC abc 0xabc 17", "%X %x %#x %o", 0xabc, 0xabc, 0xabc, 15);
	check_fmt("12", "%zu", (size_t)12);
}

TEST(fmt_width_and_precision)
{
	check_fmt("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
	check_fmt("[  -42][-0042][  042]", "[%5d][%05d][%5.3d]", -42, -42, 42);
	check_fmt("[+1][ 1][-1]", "[%+d][% d][%+d]", 1, 1, -1);
	check_fmt("[ab   ][   ab][a]", "[%-5s][%5s][%.1s]", "ab", "ab", "ab");
	check_fmt("[   7][7   ]", "[%*d][%*d]", 4, 7, -4, 7);
	check_fmt("[]", "[%.0d]", 0);
	check_fmt("[0x000010]", "[%#08x]", 16);
}

TEST(fmt_characters_strings_pointers)
{
	check_fmt("x%y", "%c%%%s", 'x', "y");
	const char *volatile nothing = NULL;
	check_fmt("(null)", "%s", nothing);
	check_fmt("0x1234", "%p", (void *)0x1234);
	check_fmt("abc", "%.*s", 3, "abcdef");
}

TEST(fmt_cuts_and_remembers)
{
	char text[4] = "zzz";
	struct strbuf s = STRBUF(text);
	str_puts(&s, "abc");
	check(!s.cut);
	str_putc(&s, 'd');
	check(s.cut);
	check_str("abc", text);
	check_eq(3, s.len);
}

TEST(fmt_pad_reaches_a_column)
{
	char text[32];
	struct strbuf s = STRBUF(text);
	str_puts(&s, "first\nab");
	str_pad(&s, 5);
	str_puts(&s, "c");
	str_pad(&s, 2);
	str_puts(&s, "d");
	check_str("first\nab   c d", text);
}

TEST(fmt_parses_numbers_that_fill_the_string)
{
	u64 v = 0;
	check(parse_u64("0", &v) && v == 0);
	check(parse_u64("18446744073709551615", &v) && v == ~0ull);
	check(parse_u64("0xFfFf", &v) && v == 0xffff);
	check(!parse_u64("18446744073709551616", &v));
	check(!parse_u64("0x10000000000000000", &v));
	check(!parse_u64("", &v) && !parse_u64("0x", &v) && !parse_u64("12a", &v) && !parse_u64("-1", &v));
	check(!parse_u64("1 ", &v) && !parse_u64("0xg", &v));
}

TEST(str_refuse_appends_its_sentence_and_returns_the_error)
{
	char text[16];
	struct strbuf s = STRBUF(text);
	str_puts(&s, "f: ");
	check_eq(EBUSY, str_refuse(&s, EBUSY, "%u users", 2));
	check_str("f: 2 users", text);
}

TEST(fmt_hex_puts_bytes_with_a_text_between)
{
	static const u8 nop[] = { 0x0f, 0x1f, 0x44, 0, 0 };
	char text[32];
	struct strbuf s = STRBUF(text);
	str_hex(&s, nop, sizeof(nop), " ");
	str_puts(&s, "|");
	str_hex(&s, nop, 2, "");
	str_hex(&s, nop, 0, "-");
	check_str("0f 1f 44 00 00|0f1f", text);
}
