// SPDX-License-Identifier: MIT
// Arithmetic with constants, as the JIT writes it, against C: division, remainder, multiplication, signed and
// unsigned, at 32 and 64 bits, from and into changing registers, with others that must stay or need not.
#include "kernel/heap.h"
#include "kernel/print.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/jit_x86_64.h"

#define CASES 10

/* What the program sees: the operand, and for each case its result and what R0 and R3 were after it. */
struct world {
	u64 x;
	struct {
		u64 result, r0, r3;
	} out[CASES];
};

static const struct {
	u8 op;
	i16 off;
} ops[CASES] = {
	{ 0x37, 0 }, { 0x97, 0 }, { 0x34, 0 }, { 0x94, 0 }, { 0x37, 1 },
	{ 0x97, 1 }, { 0x34, 1 }, { 0x94, 1 }, { 0x27, 0 }, { 0x24, 0 },
};

static u64 model64(u32 code, bool is_signed, u64 x, i32 imm)
{
	u64 y = (u64)imm;
	switch (code) {
	case 0x20: return x * y;
	case 0x30: return is_signed ? imm == -1 ? -x : (u64)((i64)x / imm) : x / y;
	default: return is_signed ? imm == -1 ? 0 : (u64)((i64)x % imm) : x % y;
	}
}

static u64 model32(u32 code, bool is_signed, u32 x, i32 imm)
{
	u32 y = (u32)imm;
	switch (code) {
	case 0x20: return x * y;
	case 0x30: return is_signed ? imm == -1 ? -x : (u32)((i32)x / imm) : x / y;
	default: return is_signed ? imm == -1 ? 0 : (u32)((i32)x % imm) : x % y;
	}
}

static u64 model(u32 i, u64 x, i32 imm)
{
	u32 code = ops[i].op & 0xf0;
	bool wide = (ops[i].op & 7) == 7;
	return wide ? model64(code, ops[i].off, x, imm) : model32(code, ops[i].off, (u32)x, imm);
}

static struct insn *store(struct insn *in, u32 reg, u32 off)
{
	*in++ = (struct insn){ .op = 0x7b, .dst = 6, .src = reg & 15, .off = (i16)off };
	return in;
}

/* rD = rX; rD op= imm. watch: whether R0 and R3 are read afterwards. */
static struct insn *add_case(struct insn *in, u32 i, i32 imm, u32 d, u32 x, bool watch)
{
	u32 off = (u32) __builtin_offsetof(struct world, out[i]);
	*in++ = (struct insn){ .op = 0xb7, .dst = 0, .imm = 1000 };
	*in++ = (struct insn){ .op = 0xb7, .dst = 3, .imm = 3000 };
	*in++ = (struct insn){ .op = 0x79, .dst = x & 15, .src = 6 };
	if (d != x)
		*in++ = (struct insn){ .op = 0xbf, .dst = d & 15, .src = x & 15 };
	*in++ = (struct insn){ .op = ops[i].op, .dst = d & 15, .off = ops[i].off, .imm = imm };
	in = store(in, d, off);
	if (watch) {
		in = store(in, 0, off + 8);
		in = store(in, 3, off + 16);
	}
	return in;
}

struct by {
	i32 imm;
	u32 salt;
	u8 d[CASES], x[CASES];
	bool watch[CASES];
};

static struct prog *make(struct by *b)
{
	static const u8 choice[] = { 0, 1, 2, 3, 3, 0, 4, 7 };
	struct insn insns[160], *in = insns;
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog *p = NULL;
	*in++ = (struct insn){ .op = 0xbf, .dst = 6, .src = 1 };
	for (u32 i = 0; i < CASES; i++) {
		b->salt = b->salt * 1664525 + 1013904223;
		b->d[i] = choice[b->salt >> 16 & 7];
		b->x[i] = choice[b->salt >> 20 & 7];
		b->watch[i] = b->salt >> 24 & 1;
		in = add_case(in, i, b->imm, b->d[i], b->x[i], b->watch[i]);
	}
	*in++ = (struct insn){ .op = 0xb7 };
	*in++ = (struct insn){ .op = 0x95 };
	if (!check_eq(OK, prog_load_raw(&p, "const", insns, (u32)(in - insns), PROG_JIT, &log)))
		kprintf("%s\n", text);
	return p;
}

/* What R0 or R3, n, holds after case i. */
static u64 bystander(const struct by *b, u32 i, u32 n, u64 x)
{
	return b->d[i] == n ? model(i, x, b->imm) : b->x[i] == n ? x : n == 0 ? 1000 : 3000;
}

static bool try_operand(const struct prog *p, const struct by *b, u64 x)
{
	struct world w = { .x = x };
	bool ok = true;
	vm_call(p, &w, sizeof(w));
	for (u32 i = 0; i < CASES; i++) {
		ok = ok && w.out[i].result == model(i, x, b->imm);
		if (b->watch[i])
			ok = ok && w.out[i].r0 == bystander(b, i, 0, x) &&
			     w.out[i].r3 == bystander(b, i, 3, x);
		if (!ok) {
			kprintf("op 0x%x off %d: r%u = r%u (0x%llx), %d: got 0x%llx want 0x%llx\n", ops[i].op,
				ops[i].off, b->d[i], b->x[i], x, b->imm, w.out[i].result,
				model(i, x, b->imm));
			return false;
		}
	}
	return ok;
}

/* Operands around multiples of the constant, and at the ends. */
static bool try_const(i32 imm)
{
	static u32 salt;
	struct by b = { .imm = imm, .salt = salt += 0x9e3779b9 };
	u64 m = (u64)imm, n = (u32)imm, random = (u64)b.salt * 0x9e3779b97f4a7c15ull;
	u64 xs[] = { 0,     1,         m - 1,  m,          m + 1,        n - 1,      n,
		     n + 1, m * n - 1, m * n,  ~0ull,      ~0ull - 1,    1ull << 63, (1ull << 63) - 1,
		     ~0u,   1u << 31,  random, random * 3, ~0ull / n * n };
	struct prog *p = make(&b);
	bool ok = p;
	for (u32 i = 0; ok && i < array_len(xs); i++)
		ok = check(try_operand(p, &b, xs[i]));
	prog_free(p);
	return ok;
}

static void try_all(void)
{
	u32 random = 12345;
	for (i32 imm = 1; imm <= 300; imm++)
		if (!try_const(imm) || !try_const(-imm))
			return;
	for (u32 n = 8; n < 32; n++)
		for (i64 imm = (1ll << n) - 3; imm <= (1ll << n) + 3; imm++)
			if (!try_const((i32)imm) || !try_const((i32)-imm))
				return;
	for (u32 i = 0; i < 600; i++, random = random * 1664525 + 1013904223)
		if (!try_const((i32)(random >> (i % 30)) | 1 << (30 - i % 30)))
			return;
}

TEST(jit_arithmetic_with_constants)
{
	bool had = jit_has_bmi2;
	jit_has_bmi2 = false;
	try_all();
	jit_has_bmi2 = had;
	if (had)
		try_all();
}
