// SPDX-License-Identifier: MIT
// Executes the forms of the encoder with every pair of registers and compares the result with what the SDM
// says, written in C. An instruction must keep the registers that it does not write, and the flags that it
// does not set.
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "kernel/io/print.h"
#include "kernel/mem/text.h"
#include "tests/test.h"
#include "vm/jit/x86_64/jit.h"

#define FLAGS (FLAGS_CF | FLAGS_ZF | FLAGS_SF | FLAGS_OF)

struct state {
	u64 r[16];
	u64 flags;
	u64 cell; /* the memory that is operated on */
};

/* Where generated code reaches it by a 32-bit address. */
static struct world {
	struct state in, out;
} * w;

static struct text text = { .name = "x86_run" };
static u8 buf[1024];
static struct code code;

static const u64 values[] = { 0,          1,          2,          0x7f,       0x80,        0xff,
			      0x8000,     0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x123456789abcdef0,
			      ~0ull >> 1, 1ull << 63, ~0ull };

static bool begin_all(void)
{
	w = kmalloc(sizeof(*w));
	return check(w && text_alloc(&text, sizeof(buf)) == OK);
}

static void end_all(void)
{
	text_free(&text);
	kfree(w);
}

static struct mem field(const u64 *at)
{
	return abs32((uptr)at);
}

static const u8 saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* Up to the place of the instruction: all registers but RSP and the flags are those of w->in. */
static struct code *begin(void)
{
	code = (struct code){ .buf = buf, .cap = sizeof(buf), .base = text.base };
	for (u32 i = 0; i < array_len(saved); i++)
		push(&code, saved[i]);
	push_m(&code, field(&w->in.flags));
	popf(&code);
	for (u32 r = 0; r < 16; r++)
		if (r != RSP)
			mov_rm(&code, r, field(&w->in.r[r]));
	return &code;
}

static void execute(void)
{
	for (u32 r = 0; r < 16; r++)
		if (r != RSP)
			mov_mr(&code, field(&w->out.r[r]), r);
	pushf(&code);
	pop_m(&code, field(&w->out.flags));
	for (u32 i = array_len(saved); i-- > 0;)
		pop(&code, saved[i]);
	ret(&code);
	check_eq(OK, code.err);
	text_write(text.base, buf, code.len);
	((void (*)(void))text.base)();
	w->out.cell = w->in.cell;
}

/* New values for everything; the memory operand is at cell. */
static void set_up(u32 turn)
{
	for (u32 r = 0; r < 16; r++)
		w->in.r[r] = values[(turn * 7 + r * 5 + turn / 15) % array_len(values)];
	w->in.r[RSP] = w->out.r[RSP] = 0;
	w->in.cell = values[(turn * 11 + 3) % array_len(values)];
	w->in.flags = FLAGS_IF | (turn & 1 ? FLAGS_CF : 0) | (turn & 2 ? FLAGS_ZF : 0) |
		      (turn & 4 ? FLAGS_SF : 0) | (turn & 8 ? FLAGS_OF : 0);
}

/* Compares the state afterwards with `want`, and of the flags those in `known`. */
static bool is_right(const char *name, const struct state *want, u32 known)
{
	bool ok = want->cell == w->out.cell && !((want->flags ^ w->out.flags) & known);
	for (u32 r = 0; r < 16; r++) {
		if (want->r[r] == w->out.r[r])
			continue;
		ok = false;
		kprintf("%s: register %u was 0x%llx, want 0x%llx got 0x%llx\n", name, r, w->in.r[r],
			want->r[r], w->out.r[r]);
	}
	if (!check(ok))
		kprintf("%s: flags want 0x%llx got 0x%llx, memory want 0x%llx got 0x%llx\n", name,
			want->flags & known, w->out.flags & known, want->cell, w->out.cell);
	return ok;
}

/* What an operation computes. */
struct effect {
	u64 value;
	u64 flags;
};

static u64 cut(u64 v, u32 size)
{
	return size == 8 ? v : v & ((1ull << 8 * size) - 1);
}

static bool sign(u64 v, u32 size)
{
	return v >> (8 * size - 1) & 1;
}

static u64 extended(u64 v, u32 size)
{
	return size == 1 ? (u64)(i8)v : size == 2 ? (u64)(i16)v : size == 4 ? (u64)(i32)v : v;
}

static struct effect result(u64 value, u32 size, bool carry, bool overflow)
{
	value = cut(value, size);
	return (struct effect){ value, (carry ? FLAGS_CF : 0) | (value ? 0 : FLAGS_ZF) |
					   (sign(value, size) ? FLAGS_SF : 0) | (overflow ? FLAGS_OF : 0) };
}

static struct effect sum(u64 a, u64 b, u32 size, u32 carry)
{
	u64 r = cut(a + b + carry, size);
	return result(r, size, r < a || (carry && r == a), sign((a ^ r) & (b ^ r), size));
}

static struct effect difference(u64 a, u64 b, u32 size, u32 borrow)
{
	u64 r = cut(a - b - borrow, size);
	return result(r, size, a < b || (borrow && a == b), sign((a ^ b) & (a ^ r), size));
}

static struct effect plain(u64 value, u32 size)
{
	return result(value, size, false, false);
}

static struct effect rotated(u64 v, u32 left, u32 size)
{
	left &= 8 * size - 1;
	return plain(left ? v << left | v >> (8 * size - left) : v, size);
}

/* Operands: a register (R), memory (M), an immediate (I), a count of 8 bits (N), the count in CL (C). The
 * first one is the destination; of three, the others are the operands. */
enum shape { R, RR, RM, RI, RN, RC, MR, MI, RRR, RRI, RRN };

enum {
	SETS = 1,    /* the flags are those of the effect; */
	KEEPS = 2,   /* they are as before; if neither is said, they may be any */
	TESTS = 4,   /* the destination is not written */
	FETCHES = 8, /* the register gets what was in memory */
};

struct form {
	const char *name;
	union { /* by shape */
		void (*R)(struct code *c, enum reg d);
		void (*RR)(struct code *c, enum reg d, enum reg s);
		void (*RM)(struct code *c, enum reg d, struct mem s);
		void (*RI)(struct code *c, enum reg d, i64 v);
		void (*RN)(struct code *c, enum reg d, u8 count);
		void (*RC)(struct code *c, enum reg d);
		void (*MR)(struct code *c, struct mem d, enum reg s);
		void (*MI)(struct code *c, struct mem d, i64 v);
		void (*RRR)(struct code *c, enum reg d, enum reg s, enum reg count);
		void (*RRI)(struct code *c, enum reg d, enum reg s, i64 v);
		void (*RRN)(struct code *c, enum reg d, enum reg s, u8 count);
	} emit;
	struct effect (*effect)(u64 a, u64 b, u32 size, u64 flags); /* a, b: cut to size */
	enum shape shape;
	u8 size, does;
};

/* clang-format off */
#define EFFECT(name, expr) \
	static struct effect do_##name(u64 a unused, u64 b unused, u32 size unused, u64 flags unused) { return expr; }
EFFECT(add, sum(a, b, size, 0))
EFFECT(or, plain(a | b, size))
EFFECT(adc, sum(a, b, size, flags & FLAGS_CF))
EFFECT(sbb, difference(a, b, size, flags & FLAGS_CF))
EFFECT(and, plain(a & b, size))
EFFECT(sub, difference(a, b, size, 0))
EFFECT(xor, plain(a ^ b, size))
EFFECT(neg, difference(0, a, size, 0))
EFFECT(not, plain(~a, size))
EFFECT(inc, plain(a + 1, size))
EFFECT(dec, plain(a - 1, size))
EFFECT(imul, plain(a * b, size))
EFFECT(bswap, plain(__builtin_bswap64(a) >> (64 - 8 * size), size))
EFFECT(mov, plain(b, size))
EFFECT(zx8, plain((u8)b, size))
EFFECT(zx16, plain((u16)b, size))
EFFECT(sx8, plain(extended(b, 1), size))
EFFECT(sx16, plain(extended(b, 2), size))
EFFECT(sx32, plain(extended(b, 4), size))
EFFECT(rol, rotated(a, (u32)b, size))
EFFECT(ror, rotated(a, 0 - (u32)b, size))
EFFECT(shl, plain(a << (b & (8 * size - 1)), size))
EFFECT(shr, plain(a >> (b & (8 * size - 1)), size))
EFFECT(sar, plain((u64)((i64)extended(a, size) >> (b & (8 * size - 1))), size))

#define FORM(fn, shape, size, op, does) { #fn, { .shape = fn }, do_##op, shape, size, does }
#define BOTH(fn, shape, op, does) FORM(fn, shape, 8, op, does), FORM(fn##32, shape, 4, op, does)

#define ALU(op, does) BOTH(op##_rr, RR, op, does), BOTH(op##_rm, RM, op, does), BOTH(op##_mr, MR, op, does), \
	BOTH(op##_ri, RI, op, does), BOTH(op##_mi, MI, op, does)
#define do_cmp do_sub
static const struct form arithmetic[] = {
	ALU(add, SETS), ALU(or, SETS), ALU(adc, SETS), ALU(sbb, SETS), ALU(and, SETS), ALU(sub, SETS), ALU(xor, SETS),
	ALU(cmp, SETS | TESTS),
	BOTH(test_rr, RR, and, SETS | TESTS), BOTH(test_ri, RI, and, SETS | TESTS),
	BOTH(test_mi, MI, and, SETS | TESTS),
};

static const struct form moves[] = {
	BOTH(mov_rr, RR, mov, KEEPS), BOTH(mov_rm, RM, mov, KEEPS),
	FORM(movzx_rr8, RR, 4, zx8, KEEPS), FORM(movzx_rr16, RR, 4, zx16, KEEPS),
	FORM(movzx_rm8, RM, 4, zx8, KEEPS), FORM(movzx_rm16, RM, 4, zx16, KEEPS),
	FORM(movsx_rr8, RR, 8, sx8, KEEPS), FORM(movsx_rr16, RR, 8, sx16, KEEPS), FORM(movsxd_rr, RR, 8, sx32, KEEPS),
	FORM(movsx_rm8, RM, 8, sx8, KEEPS), FORM(movsx_rm16, RM, 8, sx16, KEEPS), FORM(movsxd_rm, RM, 8, sx32, KEEPS),
	FORM(movsx_rr8_32, RR, 4, sx8, KEEPS), FORM(movsx_rr16_32, RR, 4, sx16, KEEPS),
	BOTH(imul_rr, RR, imul, 0), BOTH(imul_rri, RRI, imul, 0),
};

#define SHIFT(op) BOTH(op##_ri, RN, op, 0), BOTH(op##_rc, RC, op, 0)
static const struct form shifts[] = { SHIFT(rol), SHIFT(ror), SHIFT(shl), SHIFT(shr), SHIFT(sar) };

static const struct form bmi2_shifts[] = {
	BOTH(shlx_rrr, RRR, shl, KEEPS), BOTH(shrx_rrr, RRR, shr, KEEPS), BOTH(sarx_rrr, RRR, sar, KEEPS),
	BOTH(rorx_rri, RRN, ror, KEEPS),
};

static const struct form single[] = {
	BOTH(not_r, R, not, KEEPS), BOTH(neg_r, R, neg, SETS), BOTH(bswap_r, R, bswap, KEEPS),
	FORM(inc_r, R, 8, inc, 0), FORM(dec_r32, R, 4, dec, 0),
};

#define LOCKED(op) BOTH(lock_##op##_mr, MR, op, SETS)
static const struct form to_memory[] = {
	BOTH(mov_mr, MR, mov, KEEPS), FORM(mov_mr16, MR, 2, mov, KEEPS), FORM(mov_mr8, MR, 1, mov, KEEPS),
	BOTH(xchg_mr, MR, mov, KEEPS | FETCHES), BOTH(lock_xadd_mr, MR, add, SETS | FETCHES),
	LOCKED(add), LOCKED(or), LOCKED(and), LOCKED(xor),
};
/* clang-format on */

/* A memory operand that leads to w->in.cell; base holds its address less 24. */
static struct mem cell_at(u32 base)
{
	w->in.r[base] = (uptr)&w->in.cell - 24;
	return at(base, 24);
}

static u64 merged(u64 whole, u64 part, u32 size)
{
	return size == 8 ? part : (whole & ~cut(~0ull, size)) | part;
}

struct operands {
	u64 a, b;
};

/* Writes the form with the registers d and s, s the base of a memory operand. Returns what it operates on. */
static struct operands write_form(const struct form *f, u32 d, u32 s, u32 turn)
{
	static const i32 imms[] = { 0, 1, -1, 127, 128, -128, -129, 0x7fffffff, -0x7fffffff - 1 };
	static const u8 counts[] = { 0, 1, 7, 8, 31, 32, 33, 63 };
	i32 imm = imms[turn / 2 % array_len(imms)];
	u8 count = counts[turn / 2 % array_len(counts)];
	u32 by = turn % 16 == RSP ? RAX : turn % 16;
	u64 *r = w->in.r, cell = w->in.cell;
	bool has_memory = f->shape == RM || f->shape == MR || f->shape == MI;
	struct mem m = has_memory ? cell_at(s) : (struct mem){ 0 };
	struct code *c = begin();
	if (f->shape == RC)
		r[RCX] = count | 0x1200;
	switch (f->shape) {
	case R: f->emit.R(c, d); return (struct operands){ r[d], 0 };
	case RR: f->emit.RR(c, d, s); return (struct operands){ r[d], r[s] };
	case RM: f->emit.RM(c, d, m); return (struct operands){ r[d], cell };
	case RI: f->emit.RI(c, d, imm); return (struct operands){ r[d], (u64)imm };
	case RN: f->emit.RN(c, d, count); return (struct operands){ r[d], count };
	case RC: f->emit.RC(c, d); return (struct operands){ r[d], r[RCX] };
	case MR: f->emit.MR(c, m, d); return (struct operands){ cell, r[d] };
	case MI: f->emit.MI(c, m, imm); return (struct operands){ cell, (u64)imm };
	case RRR: f->emit.RRR(c, d, s, by); return (struct operands){ r[s], r[by] };
	case RRI: f->emit.RRI(c, d, s, imm); return (struct operands){ r[s], (u64)imm };
	default: f->emit.RRN(c, d, s, count); return (struct operands){ r[s], count };
	}
}

static bool try_form(const struct form *f, u32 d, u32 s, u32 turn)
{
	u32 size = f->size;
	set_up(turn);
	struct operands o = write_form(f, d, s, turn);
	struct state want = w->in;
	struct effect e = f->effect(cut(o.a, size), cut(o.b, size), size, want.flags);
	if (f->does & FETCHES)
		want.r[d] = cut(o.a, size);
	if (f->shape == MR || f->shape == MI)
		want.cell = f->does & TESTS ? want.cell : merged(o.a, e.value, size);
	else if (!(f->does & TESTS))
		want.r[d] = e.value;
	if (f->does & SETS)
		want.flags = e.flags;
	execute();
	return is_right(f->name, &want, f->does & (SETS | KEEPS) ? FLAGS : 0);
}

/* Each with every pair of registers, four times. */
static void try_forms(const struct form *forms, u32 count)
{
	for (u32 n = 0; n < count; n++) {
		bool ok = true;
		for (u32 i = 0; ok && i < 1024; i++) {
			u32 d = i & 15, s = i >> 4 & 15;
			if (d != RSP && s != RSP)
				ok = try_form(&forms[n], d, s, i * 3 + i / 256);
		}
	}
}

TEST(x86_arithmetic_does_what_the_sdm_says)
{
	require(begin_all());
	try_forms(arithmetic, array_len(arithmetic));
	end_all();
}

TEST(x86_moves_and_products_do_what_the_sdm_says)
{
	require(begin_all());
	try_forms(moves, array_len(moves));
	end_all();
}

static bool expect_reg(const char *name, u32 d, u64 value, u32 known)
{
	struct state want = w->in;
	want.r[d] = value;
	execute();
	return is_right(name, &want, known);
}

static bool try_lea(u32 d, u32 base, u32 index, u32 turn)
{
	static const i32 disps[] = { 0, 1, -1, 127, -128, 128, 0x7fffffff, -0x7fffffff - 1 };
	u32 scale = 1u << turn % 4;
	i32 disp = disps[turn / 4 % array_len(disps)];
	set_up(turn);
	u64 value = w->in.r[base] + w->in.r[index] * scale + (u64)(i64)disp;
	lea_rm(begin(), d, at_index(base, index, scale, disp));
	if (!expect_reg("lea", d, value, FLAGS))
		return false;
	lea_rm32(begin(), d, at_index(base, index, scale, disp));
	if (!expect_reg("lea32", d, (u32)value, FLAGS))
		return false;
	lea_rm(begin(), d, abs32_index((uptr)(u64)disp, index, scale));
	return expect_reg("lea of an index", d, w->in.r[index] * scale + (u64)(i64)disp, FLAGS);
}

TEST(x86_lea_of_every_base_and_index)
{
	require(begin_all());
	bool ok = true;
	for (u32 i = 0; ok && i < 16 * 256; i++) {
		u32 d = i & 15, base = i >> 4 & 15, index = i >> 8;
		if (d != RSP && base != RSP && index != RSP)
			ok = try_lea(d, base, index, i * 5 + i / 16);
	}
	end_all();
}

static bool try_mulx(u32 high, u32 low, u32 s, u32 turn)
{
	set_up(turn);
	unsigned __int128 product = (unsigned __int128)w->in.r[RDX] * w->in.r[s];
	struct state want = w->in;
	want.r[low] = (u64)product;
	want.r[high] = (u64)(product >> 64); /* which wins, if they are one */
	mulx_rrr(begin(), high, low, s);
	execute();
	return is_right("mulx", &want, FLAGS);
}

TEST(x86_shifts_do_what_the_sdm_says)
{
	require(begin_all());
	try_forms(shifts, array_len(shifts));
	if (jit_has_bmi2)
		try_forms(bmi2_shifts, array_len(bmi2_shifts));
	bool ok = jit_has_bmi2;
	for (u32 i = 0; ok && i < 4096; i++) {
		u32 d = i & 15, s = i >> 4 & 15;
		if (d != RSP && s != RSP)
			ok = try_mulx(d, s, (d + s) % 4, i);
	}
	end_all();
}

static bool holds(u32 cc, u64 f)
{
	bool c = f & FLAGS_CF, z = f & FLAGS_ZF, s = f & FLAGS_SF, o = f & FLAGS_OF, yes;
	switch (cc & ~1u) {
	case IF_O: yes = o; break;
	case IF_B: yes = c; break;
	case IF_E: yes = z; break;
	case IF_BE: yes = c || z; break;
	case IF_S: yes = s; break;
	case IF_L: yes = s != o; break;
	default: yes = z || s != o; break; /* IF_LE */
	}
	return yes != (cc & 1);
}

static bool try_condition(u32 cc, u32 d, u32 s, u32 turn)
{
	set_up(turn);
	bool yes = holds(cc, w->in.flags);
	u64 a = w->in.r[d], b = w->in.r[s];
	cmovcc_rr(begin(), cc, d, s);
	if (!expect_reg("cmov", d, yes ? b : a, FLAGS))
		return false;
	cmovcc_rr32(begin(), cc, d, s);
	if (!expect_reg("cmov32", d, (u32)(yes ? b : a), FLAGS))
		return false;
	struct label skip = LABEL;
	struct code *c = begin();
	jcc_short(c, cc, &skip);
	mov_ri(c, d, 77);
	bind(c, &skip);
	return expect_reg("j", d, yes ? a : 77, FLAGS);
}

TEST(x86_conditions_hold_when_the_sdm_says)
{
	require(begin_all());
	bool ok = true;
	for (u32 i = 0; ok && i < 16 * 256; i++) {
		u32 cc = i / 256, d = i & 15, s = i >> 4 & 15;
		if (d != RSP && s != RSP && (cc & ~1u) != IF_P)
			ok = try_condition(cc, d, s, i + i / 16);
	}
	end_all();
}

static bool try_push_and_mov(u32 r, u32 turn)
{
	set_up(turn);
	u64 a = w->in.r[r], value = values[turn % array_len(values)];
	struct code *c = begin();
	push(c, r);
	push_i(c, -5);
	pop(c, r);
	pop(c, r);
	if (!expect_reg("push, pop", r, a, FLAGS))
		return false;
	mov_ri(begin(), r, (i64)value);
	return expect_reg("mov", r, value, FLAGS);
}

static bool expect_pair(const char *name, u64 rax, u64 rdx)
{
	struct state want = w->in;
	want.r[RAX] = rax;
	want.r[RDX] = rdx;
	execute();
	return is_right(name, &want, 0);
}

/* Products, and quotients that fit, in RDX:RAX. */
static bool try_pair(u32 r, u32 turn)
{
	set_up(turn);
	u64 a = w->in.r[RAX], b = w->in.r[r];
	unsigned __int128 product = (unsigned __int128)a * b;
	__int128 with_sign = (__int128)(i64)a * (i64)b;
	mul_r(begin(), r);
	bool ok = expect_pair("mul", (u64)product, (u64)(product >> 64));
	imul_r(begin(), r);
	ok &= expect_pair("imul", (u64)with_sign, (u64)(with_sign >> 64));
	mul_r32(begin(), r);
	u64 narrow = (u64)(u32)a * (u32)b;
	ok &= expect_pair("mul32", (u32)narrow, narrow >> 32);
	cqo(begin());
	ok &= expect_pair("cqo", a, (i64)a < 0 ? ~0ull : 0);
	cdq(begin());
	ok &= expect_pair("cdq", a, (i32)a < 0 ? 0xffffffff : 0);
	if (r == RAX || r == RDX || !(u32)b)
		return ok;
	w->in.r[RDX] = 0;
	div_r(begin(), r);
	ok &= expect_pair("div", a / b, a % b);
	div_r32(begin(), r);
	ok &= expect_pair("div32", (u32)a / (u32)b, (u32)a % (u32)b);
	if ((i64)b == -1 || (i32)b == -1)
		return ok;
	w->in.r[RDX] = (i64)a < 0 ? ~0ull : 0;
	idiv_r(begin(), r);
	ok &= expect_pair("idiv", (u64)((i64)a / (i64)b), (u64)((i64)a % (i64)b));
	w->in.r[RDX] = (i32)a < 0 ? ~0ull : 0;
	idiv_r32(begin(), r);
	return ok & expect_pair("idiv32", (u32)((i32)a / (i32)b), (u32)((i32)a % (i32)b));
}

TEST(x86_single_operands_do_what_the_sdm_says)
{
	require(begin_all());
	try_forms(single, array_len(single));
	bool ok = true;
	for (u32 i = 0; ok && i < 16 * 60; i++)
		if (i % 16 != RSP)
			ok = try_push_and_mov(i % 16, i * 7) && try_pair(i % 16, i * 7 + i / 16);
	end_all();
}

static bool try_cmpxchg(u32 base, u32 s, u32 turn)
{
	bool wide = turn & 1;
	u32 size = wide ? 8 : 4;
	set_up(turn);
	if (turn & 2)
		w->in.cell = w->in.r[RAX];
	struct mem m = cell_at(base);
	struct state want = w->in;
	u64 old = cut(w->in.cell, size);
	bool equal = old == cut(w->in.r[RAX], size);
	if (equal)
		want.cell = merged(w->in.cell, cut(w->in.r[s], size), size);
	else
		want.r[RAX] = old;
	want.flags = equal ? FLAGS_ZF : 0;
	(wide ? lock_cmpxchg_mr : lock_cmpxchg_mr32)(begin(), m, s);
	execute();
	return is_right("cmpxchg", &want, FLAGS_ZF);
}

TEST(x86_memory_operands_do_what_the_sdm_says)
{
	require(begin_all());
	try_forms(to_memory, array_len(to_memory));
	bool ok = true;
	for (u32 i = 0; ok && i < 1024; i++) {
		u32 base = i & 15, s = i >> 4 & 15;
		if (base != RSP && s != RSP)
			ok = try_cmpxchg(base, s, i + i / 256);
	}
	end_all();
}
