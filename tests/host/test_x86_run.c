// SPDX-License-Identifier: MIT
// The encoder's forms, executed: what vm/ and tramp/ write, with every pair of registers, against what the SDM
// says in C. Registers that are not written must stay, and so must flags, where an instruction has none.
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

/* Compares what is there with what must be; flags where known says. */
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

/* ---- what operations give ---- */

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

/* add or adc sbb and sub xor cmp, and test: by the SDM's /n, test as 8. */
static struct effect alu(u32 n, u64 a, u64 b, u32 size, u64 flags)
{
	a = cut(a, size);
	b = cut(b, size);
	switch (n) {
	case 0: return sum(a, b, size, 0);
	case 1: return result(a | b, size, false, false);
	case 2: return sum(a, b, size, flags & FLAGS_CF);
	case 3: return difference(a, b, size, flags & FLAGS_CF);
	case 6: return result(a ^ b, size, false, false);
	case 4:
	case 8: return result(a & b, size, false, false);
	default: return difference(a, b, size, 0);
	}
}

static bool alu_writes(u32 n)
{
	return n < 7;
}

/* ---- arithmetic with flags ---- */

typedef void emit_rr(struct code *c, enum reg d, enum reg s);
typedef void emit_rm(struct code *c, enum reg d, struct mem s);
typedef void emit_mr(struct code *c, struct mem d, enum reg s);
typedef void emit_ri(struct code *c, enum reg d, i64 v);
typedef void emit_mi(struct code *c, struct mem d, i64 v);

/* clang-format off */
#define ALU(name) \
	{ #name, { name##_rr, name##_rr32 }, { name##_rm, name##_rm32 }, { name##_mr, name##_mr32 }, \
	  { name##_ri, name##_ri32 }, { name##_mi, name##_mi32 } }
static const struct {
	const char *name;
	emit_rr *rr[2];
	emit_rm *rm[2];
	emit_mr *mr[2];
	emit_ri *ri[2];
	emit_mi *mi[2];
} alus[] = {
	ALU(add), ALU(or), ALU(adc), ALU(sbb), ALU(and), ALU(sub), ALU(xor), ALU(cmp),
	{ "test", { test_rr, test_rr32 }, { NULL }, { NULL }, { test_ri, test_ri32 }, { test_mi, test_mi32 } },
};
/* clang-format on */

enum { TO_REG, TO_CELL };

static bool expect_alu(u32 n, u64 a, u64 b, u32 size, u32 place, u32 reg)
{
	struct state want = w->in;
	struct effect e = alu(n, a, b, size, w->in.flags);
	want.flags = e.flags;
	if (alu_writes(n) && place == TO_REG)
		want.r[reg] = e.value;
	else if (alu_writes(n))
		want.cell = size == 8 ? e.value : (w->in.cell & ~0xffffffffull) | e.value;
	execute();
	return is_right(alus[n].name, &want, FLAGS);
}

/* The base register of a memory operand: its address less 24. */
static struct mem cell_at(u32 base)
{
	w->in.r[base] = (uptr)&w->in.cell - 24;
	return at(base, 24);
}

static bool try_alu(u32 n, u32 d, u32 s, u32 turn)
{
	static const i64 imms[] = { 0, 1, -1, 127, 128, -128, -129, 0x7fffffff, -0x80000000ll };
	bool wide = turn & 1, ok;
	u32 size = wide ? 8 : 4;
	i64 imm = imms[turn / 2 % array_len(imms)];
	set_up(turn);
	alus[n].rr[!wide](begin(), d, s);
	ok = expect_alu(n, w->in.r[d], w->in.r[s], size, TO_REG, d);
	set_up(turn);
	alus[n].ri[!wide](begin(), d, imm);
	ok &= expect_alu(n, w->in.r[d], (u64)imm, size, TO_REG, d);
	set_up(turn);
	struct mem m = cell_at(s);
	alus[n].mi[!wide](begin(), m, imm);
	ok &= expect_alu(n, w->in.cell, (u64)imm, size, TO_CELL, 0);
	if (!alus[n].rm[0])
		return ok;
	set_up(turn);
	m = cell_at(s);
	alus[n].rm[!wide](begin(), d, m);
	ok &= expect_alu(n, w->in.r[d], w->in.cell, size, TO_REG, d);
	set_up(turn);
	m = cell_at(s);
	alus[n].mr[!wide](begin(), m, d);
	return ok & expect_alu(n, w->in.cell, w->in.r[d], size, TO_CELL, 0);
}

TEST(x86_arithmetic_does_what_the_sdm_says)
{
	require(begin_all());
	bool ok = true;
	for (u32 i = 0; ok && i < 256 * array_len(alus) * 4; i++) {
		u32 n = i / 1024, d = i & 15, s = i >> 4 & 15;
		if (d != RSP && s != RSP)
			ok = try_alu(n, d, s, i / 256 % 4 + i % 256 * 4);
	}
	end_all();
}

/* ---- registers without flags ---- */

/* clang-format off */
/* X(function, size of the result, value) of a, the destination, and b, the source. */
#define RR_FORMS(X) \
	X(mov_rr, 8, b) X(mov_rr32, 4, b) \
	X(movzx_rr8, 4, (u8)b) X(movzx_rr16, 4, (u16)b) \
	X(movsx_rr8, 8, extended(b, 1)) X(movsx_rr16, 8, extended(b, 2)) X(movsxd_rr, 8, extended(b, 4)) \
	X(movsx_rr8_32, 4, extended(b, 1)) X(movsx_rr16_32, 4, extended(b, 2))
#define RM_FORMS(X) \
	X(mov_rm, 8, b) X(mov_rm32, 4, b) X(movzx_rm8, 4, (u8)b) X(movzx_rm16, 4, (u16)b) \
	X(movsx_rm8, 8, extended(b, 1)) X(movsx_rm16, 8, extended(b, 2)) X(movsxd_rm, 8, extended(b, 4)) \
	X(movsx_rm8_32, 4, extended(b, 1)) X(movsx_rm16_32, 4, extended(b, 2))
#define MUL_FORMS(X) X(imul_rr, 8, a * b) X(imul_rr32, 4, a * b)
#define MUL_RM_FORMS(X) X(imul_rm, 8, a * b) X(imul_rm32, 4, a * b)
#define MODEL(fn, size, expr) static u64 value_##fn(u64 a unused, u64 b unused) { return cut(expr, size); }
RR_FORMS(MODEL) RM_FORMS(MODEL) MUL_FORMS(MODEL) MUL_RM_FORMS(MODEL)
#undef MODEL
    /* clang-format on */

    typedef u64 value_fn(u64 a, u64 b);

static bool expect_reg(const char *name, u32 d, u64 value, u32 known)
{
	struct state want = w->in;
	want.r[d] = value;
	execute();
	return is_right(name, &want, known);
}

static bool try_rr(const char *name, emit_rr *emit, value_fn *value, u32 known)
{
	bool ok = true;
	for (u32 i = 0; ok && i < 1024; i++) {
		u32 d = i & 15, s = i >> 4 & 15;
		if (d == RSP || s == RSP)
			continue;
		set_up(i * 3 + i / 256);
		emit(begin(), d, s);
		ok = expect_reg(name, d, value(w->in.r[d], w->in.r[s]), known);
	}
	return ok;
}

static bool try_rm(const char *name, emit_rm *emit, value_fn *value, u32 known)
{
	bool ok = true;
	for (u32 i = 0; ok && i < 1024; i++) {
		u32 d = i & 15, s = i >> 4 & 15;
		if (d == RSP || s == RSP)
			continue;
		set_up(i * 3 + i / 256);
		struct mem m = cell_at(s);
		emit(begin(), d, m);
		ok = expect_reg(name, d, value(w->in.r[d], w->in.cell), known);
	}
	return ok;
}

TEST(x86_moves_and_products_do_what_the_sdm_says)
{
	require(begin_all());
#define TRY_RR(fn, size, expr) try_rr(#fn, fn, value_##fn, FLAGS);
#define TRY_RM(fn, size, expr) try_rm(#fn, fn, value_##fn, FLAGS);
	RR_FORMS(TRY_RR)
	RM_FORMS(TRY_RM)
#undef TRY_RR
#undef TRY_RM
#define TRY_RR(fn, size, expr) try_rr(#fn, fn, value_##fn, 0);
#define TRY_RM(fn, size, expr) try_rm(#fn, fn, value_##fn, 0);
	MUL_FORMS(TRY_RR)
	MUL_RM_FORMS(TRY_RM)
#undef TRY_RR
#undef TRY_RM
	end_all();
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
	if (!expect_reg("lea of an index", d, w->in.r[index] * scale + (u64)(i64)disp, FLAGS))
		return false;
	imul_rri(begin(), d, base, disp);
	if (!expect_reg("imul by a constant", d, w->in.r[base] * (u64)(i64)disp, 0))
		return false;
	imul_rri32(begin(), d, base, disp);
	return expect_reg("imul32 by a constant", d, (u32)(w->in.r[base] * (u64)(i64)disp), 0);
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

/* ---- shifts ---- */

static u64 shifted(u32 op, u64 v, u32 count, u32 size)
{
	u32 bits = 8 * size;
	count &= bits - 1;
	v = cut(v, size);
	switch (op) {
	case 0: return cut(count ? v << count | v >> (bits - count) : v, size);
	case 1: return cut(count ? v >> count | v << (bits - count) : v, size);
	case 2: return cut(v << count, size);
	case 3: return v >> count;
	default: return cut((u64)((i64)extended(v, size) >> count), size);
	}
}

typedef void emit_rs(struct code *c, enum reg r, u8 count);
typedef void emit_r(struct code *c, enum reg r);
typedef void emit_rrr(struct code *c, enum reg d, enum reg s, enum reg count);

/* clang-format off */
#define SHIFT(name) { #name, { name##_ri, name##_ri32 }, { name##_rc, name##_rc32 }, { NULL } }
#define SHIFTX(name) { #name, { name##_ri, name##_ri32 }, { name##_rc, name##_rc32 }, { name##x_rrr, name##x_rrr32 } }
static const struct {
	const char *name;
	emit_rs *ri[2];
	emit_r *rc[2];
	emit_rrr *rrr[2];
} shifts[] = { SHIFT(rol), SHIFT(ror), SHIFTX(shl), SHIFTX(shr), SHIFTX(sar) };
/* clang-format on */

static bool try_shift(u32 op, u32 d, u32 turn)
{
	static const u8 counts[] = { 0, 1, 7, 8, 31, 32, 33, 63 };
	bool wide = turn & 1;
	u32 size = wide ? 8 : 4;
	u8 count = counts[turn / 2 % array_len(counts)];
	set_up(turn);
	shifts[op].ri[!wide](begin(), d, count);
	if (!expect_reg(shifts[op].name, d, shifted(op, w->in.r[d], count, size), 0))
		return false;
	w->in.r[RCX] = count | 0x1200;
	shifts[op].rc[!wide](begin(), d);
	return expect_reg(shifts[op].name, d, shifted(op, w->in.r[d], (u32)w->in.r[RCX], size), 0);
}

/* Those of BMI2, which change no flags. */
static bool try_shiftx(u32 op, u32 d, u32 s, u32 turn)
{
	bool wide = turn & 1;
	u32 size = wide ? 8 : 4, by = turn / 2 % 16 == RSP ? RAX : turn / 2 % 16;
	u8 count = (u8)(turn * 3);
	set_up(turn);
	if (op >= 2) {
		shifts[op].rrr[!wide](begin(), d, s, by);
		return expect_reg(shifts[op].name, d, shifted(op, w->in.r[s], (u32)w->in.r[by], size), FLAGS);
	}
	(wide ? rorx_rri : rorx_rri32)(begin(), d, s, count);
	return expect_reg("rorx", d, shifted(1, w->in.r[s], count, size), FLAGS);
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
	bool ok = true;
	for (u32 i = 0; ok && i < 16 * 16 * array_len(shifts) * 4; i++) {
		u32 op = i / 1024, d = i & 15, s = i >> 4 & 15;
		if (d == RSP || s == RSP)
			continue;
		ok = try_shift(op, d, i / 16);
		if (ok && jit_has_bmi2)
			ok = try_shiftx(op, d, s, i / 3) && try_mulx(d, s, (d + s) % 4, i);
	}
	end_all();
}

/* ---- conditions ---- */

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
	setcc_r(begin(), cc, d);
	if (!expect_reg("set", d, (a & ~0xffull) | yes, FLAGS))
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

/* ---- one operand; RDX:RAX ---- */

static bool try_one(u32 r, u32 turn)
{
	set_up(turn);
	u64 a = w->in.r[r];
	not_r(begin(), r);
	bool ok = expect_reg("not", r, ~a, FLAGS);
	not_r32(begin(), r);
	ok &= expect_reg("not32", r, (u32)~a, FLAGS);
	neg_r(begin(), r);
	ok &= expect_reg("neg", r, 0 - a, 0);
	neg_r32(begin(), r);
	ok &= expect_reg("neg32", r, (u32)-a, 0);
	inc_r(begin(), r);
	ok &= expect_reg("inc", r, a + 1, 0);
	dec_r32(begin(), r);
	ok &= expect_reg("dec32", r, (u32)(a - 1), 0);
	bswap_r(begin(), r);
	ok &= expect_reg("bswap", r, __builtin_bswap64(a), FLAGS);
	bswap_r32(begin(), r);
	ok &= expect_reg("bswap32", r, __builtin_bswap32((u32)a), FLAGS);
	struct code *c = begin();
	push(c, r);
	push_i(c, -5);
	pop(c, r);
	pop(c, r);
	ok &= expect_reg("push, pop", r, a, FLAGS);
	mov_ri(begin(), r, (i64)values[turn % array_len(values)]);
	return ok & expect_reg("mov", r, values[turn % array_len(values)], FLAGS);
}

static bool expect_pair(const char *name, u64 rax, u64 rdx)
{
	struct state want = w->in;
	want.r[RAX] = rax;
	want.r[RDX] = rdx;
	execute();
	return is_right(name, &want, 0);
}

/* Products, and quotients that fit. */
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
	bool ok = true;
	for (u32 i = 0; ok && i < 16 * 60; i++)
		if (i % 16 != RSP)
			ok = try_one(i % 16, i * 7) && try_pair(i % 16, i * 7 + i / 16);
	end_all();
}

/* ---- memory as the destination ---- */

/* What is in memory and in the register afterwards. */
struct outcome {
	u64 cell, reg;
};

/* clang-format off */
/* X(function, size, what memory becomes, what the register becomes) of m, memory, and b, the register, both cut. */
#define MR_FORMS(X) \
	X(mov_mr, 8, b, w->in.r[s]) X(mov_mr32, 4, b, w->in.r[s]) X(mov_mr16, 2, b, w->in.r[s]) X(mov_mr8, 1, b, w->in.r[s]) \
	X(xchg_mr, 8, b, m) X(xchg_mr32, 4, b, m) \
	X(lock_add_mr, 8, m + b, w->in.r[s]) X(lock_add_mr32, 4, m + b, w->in.r[s]) \
	X(lock_or_mr, 8, m | b, w->in.r[s]) X(lock_or_mr32, 4, m | b, w->in.r[s]) \
	X(lock_and_mr, 8, m & b, w->in.r[s]) X(lock_and_mr32, 4, m & b, w->in.r[s]) \
	X(lock_sub_mr, 8, m - b, w->in.r[s]) X(lock_sub_mr32, 4, m - b, w->in.r[s]) \
	X(lock_xor_mr, 8, m ^ b, w->in.r[s]) X(lock_xor_mr32, 4, m ^ b, w->in.r[s]) \
	X(lock_xadd_mr, 8, m + b, m) X(lock_xadd_mr32, 4, m + b, m)
#define OUTCOME(fn, size, memory, reg_value) \
	static struct outcome outcome_##fn(u64 m unused, u64 b unused, u32 s unused) \
	{ \
		m = cut(m, size); \
		b = cut(b, size); \
		return (struct outcome){ cut(memory, size), reg_value }; \
	}
MR_FORMS(OUTCOME)
#undef OUTCOME
/* clang-format on */

typedef struct outcome outcome_fn(u64 m, u64 b, u32 s);

static u64 merged(u64 whole, u64 part, u32 size)
{
	return size == 8 ? part : (whole & ~cut(~0ull, size)) | part;
}

static bool try_mr(const char *name, emit_mr *emit, u32 size, outcome_fn *model)
{
	bool ok = true;
	for (u32 i = 0; ok && i < 1024; i++) {
		u32 base = i & 15, s = i >> 4 & 15;
		if (base == RSP || s == RSP)
			continue;
		set_up(i * 3 + i / 256);
		struct mem m = cell_at(base);
		struct state want = w->in;
		struct outcome o = model(w->in.cell, w->in.r[s], s);
		want.cell = merged(w->in.cell, o.cell, size);
		want.r[s] = o.reg;
		emit(begin(), m, s);
		execute();
		ok = is_right(name, &want, 0);
	}
	return ok;
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
#define TRY(fn, size, memory, reg_value) try_mr(#fn, fn, size, outcome_##fn);
	MR_FORMS(TRY)
#undef TRY
	bool ok = true;
	for (u32 i = 0; ok && i < 1024; i++) {
		u32 base = i & 15, s = i >> 4 & 15;
		if (base != RSP && s != RSP)
			ok = try_cmpxchg(base, s, i + i / 256);
	}
	end_all();
}
