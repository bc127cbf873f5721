// SPDX-License-Identifier: MIT
// The disassembler reads back every row that the encoder can write, and refuses what it cannot.
#include <stdio.h>
#include <string.h>
#include "kernel/lib/x86.h"
#include "kernel/lib/x86dis.h"
#include "tests/host/x86_rows.h"
#include "tests/test.h"

static u32 wrong;

static void read_back(const struct x86_row *row)
{
	char text[96];
	struct strbuf s = STRBUF(text);
	u8 exact[16];
	u32 len = min(row->len, (u32)sizeof(exact));
	memcpy(exact + sizeof(exact) - len, row->bytes, len); // one byte further is out of bounds
	u32 got = x86_disasm(&s, exact + sizeof(exact) - len, len, X86_ROW_IP);
	if (got == row->len && strcmp(text, row->text) == 0)
		return;
	if (wrong++ < 20)
		printf("want \"%s\" (%u bytes), got \"%s\" (%u)\n", row->text, row->len, text, got);
}

TEST(x86_disasm_reads_back_every_form)
{
	wrong = 0;
	x86_each_row(read_back);
	check_eq(0, wrong);
}

static void read_cut(const struct x86_row *row)
{
	char text[96] = "before";
	struct strbuf s = { .buf = text, .len = 6, .cap = sizeof(text) };
	static u32 turn;
	u8 exact[16];
	if (turn++ % 7) // a sample will do
		return;
	for (u32 len = 0; len < row->len; len++) {
		u8 *code = exact + sizeof(exact) - len;
		memcpy(code, row->bytes, len);
		if (x86_disasm(&s, code, len, X86_ROW_IP) == 0 && strcmp(text, "before") == 0)
			continue;
		if (wrong++ < 20)
			printf("the first %u bytes of \"%s\" are taken for \"%s\"\n", len, row->text, text);
	}
}

TEST(x86_disasm_refuses_what_is_cut_off)
{
	wrong = 0;
	x86_each_row(read_cut);
	check_eq(0, wrong);
}

#define REFUSED(bytes)                                                                   \
	({                                                                               \
		char text[96];                                                           \
		struct strbuf s = STRBUF(text);                                          \
		x86_disasm(&s, (const u8 *)(bytes), sizeof(bytes) - 1, X86_ROW_IP) == 0; \
	})

TEST(x86_disasm_refuses_what_we_never_write)
{
	check(REFUSED("\x0f\x05"));                     // syscall
	check(REFUSED("\xb4\x05"));                     // mov ah, 5: no REX, so not spl
	check(REFUSED("\x48\x8b\x05\x01\x02\x03\x04")); // mov rax, [rip+...]
	check(REFUSED("\x65\xc3"));                     // gs without memory
	check(REFUSED("\xf0\x01\xc0"));                 // lock without memory
	check(REFUSED("\x00\x00\x00\x00"));
	check(REFUSED("\xff\xff\xff\xff"));
	check(REFUSED("\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"));
}

static u32 random_u32(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

// Whatever the bytes are: no read outside of them, no length beyond them, no text without length.
TEST(x86_disasm_survives_any_bytes)
{
	u32 seed = 2463534242, taken = 0;
	for (u32 round = 0; round < 200000; round++) {
		u8 exact[16];
		char text[96];
		struct strbuf s = STRBUF(text);
		u32 len = random_u32(&seed) % 16;
		text[0] = 0;
		for (u32 i = 0; i < sizeof(exact); i++)
			exact[i] = (u8)random_u32(&seed);
		u32 got = x86_disasm(&s, exact + sizeof(exact) - len, len, X86_ROW_IP);
		require(got <= len && !s.cut);
		require(!got == !text[0]);
		taken += got != 0;
	}
	check(taken > 1000);
}

TEST(x86_disasm_in_a_small_buffer_cuts_the_text_only)
{
	char text[8];
	struct strbuf s = STRBUF(text);
	check_eq(5, x86_disasm(&s, (const u8 *)"\xe8\x00\x00\x00\x00", 5, X86_ROW_IP));
	check(s.cut);
	check_str("call 0x", text);
}

TEST(x86_target_knows_direct_jumps_and_calls_only)
{
	static const u8 call_back[] = { 0xe8, 0xfb, 0xff, 0xff, 0xff }, je[] = { 0x74, 0x10 };
	static const u8 jump[] = { 0xe9, 0, 1, 0, 0 }, call_rax[] = { 0xff, 0xd0 };
	check_eq(X86_ROW_IP, x86_target(call_back, sizeof(call_back), X86_ROW_IP));
	check_eq(X86_ROW_IP + 0x12, x86_target(je, sizeof(je), X86_ROW_IP));
	check_eq(X86_ROW_IP + 0x105, x86_target(jump, sizeof(jump), X86_ROW_IP));
	check_eq(0, x86_target(call_rax, sizeof(call_rax), X86_ROW_IP));
	check_eq(0, x86_target(jump, 4, X86_ROW_IP));
}
