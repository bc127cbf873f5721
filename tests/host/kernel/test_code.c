// SPDX-License-Identifier: MIT
// What code.h promises: labels in every order, displacements just inside and just outside their limits,
// buffers that just suffice, and errors that stick.
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "tests/test.h"

static u8 buf[512];

static struct code fresh(void)
{
	memset(buf, X86_INT3, sizeof(buf));
	return (struct code){ .buf = buf, .base = 0xffffffff81000000, .cap = sizeof(buf) };
}

static i32 rel32_at(u32 at)
{
	return (i32)(buf[at] | buf[at + 1] << 8 | buf[at + 2] << 16 | (u32)buf[at + 3] << 24);
}

static void ints(struct code *c, u32 count)
{
	while (count--)
		int3(c);
}

TEST(code_label_serves_jumps_before_and_after_it)
{
	struct code c = fresh();
	struct label l = LABEL;
	jmp(&c, &l);        // 0..5
	jcc(&c, IF_NE, &l); // 5..11
	call_label(&c, &l); // 11..16
	ints(&c, 4);
	bind(&c, &l); // 20
	ints(&c, 2);
	jcc(&c, IF_E, &l); // 22..28
	jmp(&c, &l);       // 28..33
	check_eq(OK, c.err);
	check_eq(15, rel32_at(1));
	check_eq(9, rel32_at(7));
	check_eq(4, rel32_at(12));
	check_eq(-8, rel32_at(24));
	check_eq(-13, rel32_at(29));
}

TEST(code_short_jumps_share_a_label_with_long_ones)
{
	struct code c = fresh();
	struct label l = LABEL;
	jmp_short(&c, &l);       // 0..2
	jmp(&c, &l);             // 2..7
	jcc_short(&c, IF_B, &l); // 7..9
	jcc_short(&c, IF_G, &l); // 9..11
	bind(&c, &l);
	jmp_short(&c, &l); // 11..13
	check_eq(OK, c.err);
	check_eq(9, buf[1]);
	check_eq(4, rel32_at(3));
	check_eq(2, buf[8]);
	check_eq(0, buf[10]);
	check_eq(-2, (i8)buf[12]);
}

TEST(code_two_labels_do_not_mix)
{
	struct code c = fresh();
	struct label a = LABEL, b = LABEL;
	jmp(&c, &a);
	jmp_short(&c, &b);
	jmp(&c, &a);
	jmp_short(&c, &b);
	bind(&c, &b);
	bind(&c, &a);
	check_eq(9, rel32_at(1));
	check_eq(7, buf[6]);
	check_eq(2, rel32_at(8));
	check_eq(0, buf[13]);
}

static enum err short_forward(u32 distance)
{
	struct code c = fresh();
	struct label l = LABEL;
	jcc_short(&c, IF_E, &l);
	ints(&c, distance);
	bind(&c, &l);
	return c.err;
}

static enum err short_back(u32 distance)
{
	struct code c = fresh();
	struct label l = LABEL;
	bind(&c, &l);
	ints(&c, distance - 2);
	jmp_short(&c, &l);
	return c.err;
}

// The later of the two could reach the label; the first cannot.
static enum err short_uses_apart(u32 distance)
{
	struct code c = fresh();
	struct label l = LABEL;
	jmp_short(&c, &l);
	ints(&c, distance - 2);
	jmp_short(&c, &l);
	bind(&c, &l);
	return c.err;
}

TEST(code_short_jump_reaches_127_forward_and_128_back)
{
	check_eq(OK, short_forward(127));
	check_eq(ERANGE, short_forward(128));
	check_eq(OK, short_back(128));
	check_eq(ERANGE, short_back(129));
	check_eq(OK, short_uses_apart(127));
	check_eq(ERANGE, short_uses_apart(128));
	check_eq(ERANGE, short_uses_apart(129));
	check_eq(ERANGE, short_uses_apart(256 + 2));
}

static enum err call_from(uptr base, uptr target)
{
	struct code c = fresh();
	c.base = base;
	call(&c, target);
	if (!c.err)
		check_eq(target, base + 5 + (uptr)(i64)rel32_at(1));
	return c.err;
}

TEST(code_call_reaches_2_gib_and_no_further)
{
	uptr base = 0x7000000000;
	check_eq(OK, call_from(base, base + 5 + 0x7fffffff));
	check_eq(ERANGE, call_from(base, base + 5 + 0x80000000));
	check_eq(OK, call_from(base, base + 5 - 0x80000000));
	check_eq(ERANGE, call_from(base, base + 4 - 0x80000000));
}

static enum err jump_to(uptr target)
{
	struct code c = fresh();
	jmp_to(&c, target);
	jcc_rel(&c, IF_LE, 0);
	code_to(&c, target);
	check_eq(11, c.len);
	return c.err;
}

TEST(code_jumps_to_addresses_count_from_their_own_end)
{
	check_eq(OK, jump_to(0xffffffff81000100));
	check_eq(0x100 - 5, rel32_at(1));
	check_eq(0x100 - 11, rel32_at(7));
}

TEST(code_full_buffer_is_an_error_and_nothing_lies_behind_it)
{
	for (u32 cap = 0; cap <= 12; cap++) {
		struct code c = fresh();
		struct label l = LABEL;
		c.cap = cap;
		mov_rr(&c, RBP, RSP); // 3 bytes
		jmp(&c, &l);          // 5
		bind(&c, &l);
		mov_rm32(&c, RAX, at(RBP, -8)); // 3
		ret(&c);                        // 1
		check_eq(cap < 12 ? ENOSPC : OK, c.err);
		check(c.len <= cap);
		for (u32 i = cap; i < 16; i++)
			check_eq(X86_INT3, buf[i]);
	}
}

TEST(code_first_error_sticks_and_stops_the_writing)
{
	struct code c = fresh();
	ret(&c);
	add_ri(&c, RAX, 0x80000000ll);
	u32 len = c.len;
	struct label l = LABEL;
	jmp(&c, &l);
	bind(&c, &l);
	mov_rm(&c, RAX, at_index(RAX, RSP, 1, 0));
	check_eq(ERANGE, c.err);
	check_eq(len, c.len);
	check_eq(1, len);
}

#define ERR_OF(insn)                     \
	({                               \
		struct code c = fresh(); \
		insn;                    \
		c.err;                   \
	})

TEST(x86_refuses_immediates_that_do_not_fit)
{
	check_eq(OK, ERR_OF(add_ri(&c, RBX, 0x7fffffff)));
	check_eq(ERANGE, ERR_OF(add_ri(&c, RBX, 0x80000000ll)));
	check_eq(OK, ERR_OF(add_ri(&c, RBX, -0x80000000ll)));
	check_eq(ERANGE, ERR_OF(add_ri(&c, RBX, -0x80000001ll)));
	check_eq(OK, ERR_OF(add_ri32(&c, RBX, 0xffffffff)));
	check_eq(ERANGE, ERR_OF(add_ri32(&c, RBX, 0x100000000ll)));
	check_eq(ERANGE, ERR_OF(mov_ri32(&c, RBX, 0x100000000ll)));
	check_eq(OK, ERR_OF(mov_ri64(&c, RBX, 0x100000000ll)));
	check_eq(OK, ERR_OF(mov_mi16(&c, at(RBX, 0), 0xffff)));
	check_eq(ERANGE, ERR_OF(mov_mi16(&c, at(RBX, 0), 0x10000)));
	check_eq(ERANGE, ERR_OF(mov_mi16(&c, at(RBX, 0), -0x8001)));
	check_eq(OK, ERR_OF(mov_mi8(&c, at(RBX, 0), -0x80)));
	check_eq(ERANGE, ERR_OF(mov_mi8(&c, at(RBX, 0), -0x81)));
	check_eq(ERANGE, ERR_OF(mov_mi8(&c, at(RBX, 0), 0x100)));
	check_eq(ERANGE, ERR_OF(push_i(&c, 0xffffffff)));
}

TEST(x86_refuses_addresses_that_no_displacement_reaches)
{
	check_eq(OK, ERR_OF(mov_rm(&c, RAX, abs32(0x7fffffff))));
	check_eq(ERANGE, ERR_OF(mov_rm(&c, RAX, abs32(0x80000000))));
	check_eq(OK, ERR_OF(mov_rm(&c, RAX, abs32(0xffffffff80000000))));
	check_eq(ERANGE, ERR_OF(mov_rm(&c, RAX, abs32(0xffffffff7fffffff))));
	check_eq(ERANGE, ERR_OF(mov_rm(&c, RAX, abs32_index(0x80000000, RCX, 8))));
}

TEST(x86_refuses_rsp_as_an_index)
{
	check_eq(EINVAL, ERR_OF(mov_rm(&c, RAX, at_index(RBX, RSP, 1, 0))));
	check_eq(EINVAL, ERR_OF(mov_rm(&c, RAX, abs32_index(0, RSP, 8))));
	check_eq(OK, ERR_OF(mov_rm(&c, RAX, at_index(RBX, R12, 1, 0))));
}

TEST(x86_nop_of_five_bytes_is_a_site)
{
	struct code c = fresh();
	nop(&c, 5);
	check_eq(5, c.len);
	check(memcmp(buf, "\x0f\x1f\x44\x00\x00", 5) == 0);
}

TEST(x86_names_the_opcodes_that_the_patcher_writes)
{
	struct code c = fresh();
	int3(&c);
	call_rel(&c, 0);
	jmp_rel(&c, 0);
	check_eq(X86_INT3, buf[0]);
	check_eq(X86_CALL, buf[1]);
	check_eq(X86_JMP, buf[6]);
}
