// SPDX-License-Identifier: MIT
// Every instruction with every pair of registers, against the model of vm_model.c. All registers hold values,
// and those that the instruction does not write must keep them. Compiled code depends on which registers are
// read later, so it is tried three times: all are read, the result alone, and all but the operand.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "tests/vm_case.h"
#include "tests/vm_model.h"
#include "tests/vm_ways.h"
#include "vm/compile.h"
#include "vm/disasm.h"

/* The machine runs the same with less: it is the same compiler. */
static const bool is_thorough = __STDC_HOSTED__;

#define REGS     10
#define ALL      0x3ff
#define NO_BASE  10
#define BODY_MAX 6

#define STACK_WORDS 16 /* that bodies use */

/* What a program sees and leaves. */
struct world {
	u64 in[REGS], out[REGS];
	u64 flag; /* the word at r10 - 8 */
	u64 cells[4];
};

/* A few instructions to be tried. */
struct body {
	struct insn in[BODY_MAX];
	u32 count;
	u32 a, b;    /* get edge values, b the second one; */
	u32 base;    /* or an address, if it is not NO_BASE, which leads to cells[1] + back */
	i32 back;    /* bytes */
	bool bad;    /* the address is none */
	u64 unit;    /* a gets values around multiples of it, if it is not 0 */
	u32 results; /* bit n: Rn is what this is about */
	u32 rounds;
};

static const u64 edges[] = {
	0,
	1,
	2,
	7,
	31,
	32,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0x7fffffff,
	0x80000000,
	0x80000001,
	0xffffffff,
	0x100000000,
	0x100000001,
	0x123456789abcdef0,
	0x7fffffffffffffff,
	0x8000000000000000,
	0x8000000000000001,
	0xffffffff80000000,
	~0x80ull,
	~0ull,
};
#define EDGES array_len(edges)

static struct world *shared; /* where generated code reaches it */

static struct insn *put(struct insn *at, u32 op, u32 dst, u32 src, i32 off)
{
	*at = (struct insn){ .op = (u8)op, .dst = dst & 15, .src = src & 15, .off = (i16)off };
	return at + 1;
}

/* Loads R0 to R9 from world.in, executes the body, stores those of `keep` to world.out. R1, the address of
 * the world, waits on the stack meanwhile, and so do the results, for no register is free. */
static u32 surround(struct insn *prog, const struct body *b, u32 keep)
{
	struct insn *at = put(prog, 0x7a, 10, 0, -8);
	at = put(at, 0x7b, 10, 1, -16);
	for (u32 i = 0; i < REGS; i++) {
		u32 r = i < 1 ? 0 : i < 9 ? i + 1 : 1; /* the base last */
		at = put(at, 0x79, r, 1, 8 * (i32)r);
	}
	memcpy(at, b->in, b->count * sizeof(*at));
	at += b->count;
	for (u32 r = 0; r < REGS; r++)
		if (keep & 1 << r)
			at = put(at, 0x7b, 10, r, -24 - 8 * (i32)r);
	at = put(at, 0x79, 1, 10, -16);
	for (u32 r = 0; r < REGS; r++) {
		if (!(keep & 1 << r))
			continue;
		at = put(at, 0x79, 0, 10, -24 - 8 * (i32)r);
		at = put(at, 0x7b, 1, 0, 80 + 8 * (i32)r);
	}
	at = put(at, 0x79, 0, 10, -8);
	at = put(at, 0x7b, 1, 0, 160);
	at = put(at, 0x95, 0, 0, 0);
	return (u32)(at - prog);
}

static struct prog *load(const struct body *b, u32 keep, enum prog_mode mode)
{
	struct insn insns[96];
	return vm_load(NULL, insns, surround(insns, b, keep), mode);
}

/* Multiples of unit, small ones and those next to the limits, and their neighbours. */
static u64 around(u64 unit, u32 i)
{
	static const u64 limits[] = { 0x7fffffff, 0xffffffff,         0x7fffffffffffffff,
				      ~0ull,      0xffffffff80000000, 0x8000000000000000 };
	u32 n = i / 3 % (array_len(limits) + 4);
	u64 product = n < array_len(limits) ? limits[n] / unit * unit : (n - array_len(limits)) * unit;
	return product + i % 3 - 1;
}

/* Values for round i: each edge with each other one, if there are enough rounds. */
static void set_up(struct world *w, const struct body *b, u32 i)
{
	u32 nth = b->rounds == EDGES * EDGES ? i : i * 31 + b->a * 7 + b->b * 13;
	u64 first = edges[nth % EDGES], second = edges[nth / EDGES % EDGES];
	memset(w, 0, sizeof(*w));
	for (u32 r = 0; r < REGS; r++)
		w->in[r] = 0x1111111111111111ull * r + 0x0807060504030201ull * i;
	for (u32 n = 0; n < array_len(w->cells); n++)
		w->cells[n] = first ^ 0x0101010101010101ull * n;
	w->in[b->a] = b->unit ? around(b->unit, i) : first;
	if (b->base != NO_BASE) {
		w->in[0] = i % 3 ? second : w->cells[1]; /* compare and exchange: mostly unlike */
		w->in[b->b] = second;
		w->in[b->base] = b->bad ? MODEL_BAD : (uptr)&shared->cells[1] - (u64)(i64)b->back;
	} else if (b->a != b->b || !b->unit) {
		w->in[b->b] = second;
	}
}

/* What the body must make of it. The model works on the same memory, so it goes first. */
static void predict(struct world *want, const struct world *start, const struct body *b)
{
	u64 stack[STACK_WORDS] = { 0 };
	struct model m = { .r = { [BPF_FP] = (uptr)(stack + STACK_WORDS) } };
	memcpy(m.r, start->in, sizeof(start->in));
	*shared = *start;
	model_run(&m, b->in, b->count);
	*want = *shared;
	memcpy(want->out, m.r, sizeof(want->out));
	want->flag = stack[STACK_WORDS - 1];
}

static bool is_same(const struct world *want, u32 keep)
{
	bool same = want->flag == shared->flag && !memcmp(want->cells, shared->cells, sizeof(want->cells));
	for (u32 r = 0; r < REGS; r++)
		same &= !(keep & 1 << r) || want->out[r] == shared->out[r];
	return same;
}

static void complain(const struct body *b, const struct world *start, const struct world *want, u32 keep)
{
	for (u32 i = 0; i < b->count; i++) {
		char text[128] = "";
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &b->in[i]);
		kprintf("    %s\n", text);
	}
	for (u32 r = 0; r < REGS; r++)
		if (keep & 1 << r && want->out[r] != shared->out[r])
			kprintf("  r%u: 0x%llx became 0x%llx, want 0x%llx\n", r, start->in[r], shared->out[r],
				want->out[r]);
	for (u32 n = 0; n < array_len(want->cells); n++)
		if (want->cells[n] != shared->cells[n])
			kprintf("  cell %u: want 0x%llx got 0x%llx\n", n, want->cells[n], shared->cells[n]);
	kprintf("  flag: want %llu got %llu\n", want->flag, shared->flag);
}

static bool try_program(const struct body *b, u32 keep, const char *how, enum prog_mode mode)
{
	struct prog *p = load(b, keep, mode);
	bool ok = p != NULL;
	for (u32 i = 0; ok && i < (is_thorough ? b->rounds : 4); i++) {
		struct world start, want;
		set_up(&start, b, i);
		predict(&want, &start, b);
		*shared = start;
		vm_call(p, shared, sizeof(*shared));
		ok = check(is_same(&want, keep));
		if (!ok) {
			kprintf("%s, keeping 0x%x:\n", how, keep);
			complain(b, &start, &want, keep);
		}
	}
	prog_free(p);
	return ok;
}

static bool try_ways(const struct body *b, u32 keep, u32 ways)
{
	bool ok = true;
	for (u32 way = 0; way < ways && ok; way++) {
		const char *name = jit_way(way);
		ok = try_program(b, keep, name, PROG_JIT);
	}
	jit_way(0);
	return ok;
}

/* false, so that the caller can leave it at one complaint. */
static bool try_body(struct body *b)
{
	if (!is_thorough)
		return try_ways(b, ALL, 1);
	if (!try_program(b, ALL, "interpreter", PROG_INTERPRET) || !try_ways(b, ALL, JIT_WAYS))
		return false;
	u32 but_operand = ALL & ~(1u << b->b);
	return try_ways(b, b->results, JIT_WAYS) && try_ways(b, but_operand | b->results, 1);
}

static bool begin(void)
{
	shared = kmalloc(sizeof(*shared));
	return check(shared != NULL);
}

static void end(void)
{
	kfree(shared);
}

/* ---- arithmetic ---- */

/* Every pair of registers, and for one of them every pair of edge values. */
static void try_pairs(struct insn in)
{
	bool ok = begin();
	for (u32 pair = 0; ok && pair < 100; pair++) {
		struct body b = { .count = 1, .a = pair / 10, .b = pair % 10, .base = NO_BASE };
		in.dst = b.a & 15;
		in.src = b.b & 15;
		b.in[0] = in;
		b.results = 1u << b.a;
		b.rounds = pair == 23 ? EDGES * EDGES : 12;
		ok = try_body(&b);
	}
	end();
}

/* Every register. */
static bool try_each(struct insn in)
{
	bool ok = true;
	for (u32 r = 0; ok && r < REGS; r++) {
		struct body b = { .count = 1, .a = r, .b = r, .base = NO_BASE, .rounds = 2 * EDGES };
		in.dst = r & 15;
		b.in[0] = in;
		b.results = 1u << r;
		ok = try_body(&b);
	}
	return ok;
}

/* Every register, with each edge value that fits as immediate. */
static void try_imms(struct insn in)
{
	static const i32 imms[] = { 0,     1,  2,  3,  5,   7,    8,    9,          10,
				    31,    32, 33, 63, 64,  127,  128,  255,        1000,
				    65535, -1, -2, -8, -10, -128, -129, 0x7fffffff, -0x7fffffff - 1 };
	bool ok = begin();
	for (u32 i = 0; ok && i < array_len(imms); i += is_thorough ? 1 : 5) {
		in.imm = imms[i];
		ok = try_each(in);
	}
	end();
}

static void alu(u8 op, i16 off)
{
	try_pairs((struct insn){ .op = 0x0c | op, .off = off });
	try_pairs((struct insn){ .op = 0x0f | op, .off = off });
	try_imms((struct insn){ .op = 0x04 | op, .off = off });
	try_imms((struct insn){ .op = 0x07 | op, .off = off });
}

TEST(pairs_of_simple_arithmetic)
{
	static const u8 ops[] = { 0x00, 0x10, 0x40, 0x50, 0xa0, 0xb0 };
	for (u32 i = 0; i < array_len(ops); i++)
		alu(ops[i], 0);
}

TEST(pairs_of_multiplication)
{
	alu(0x20, 0);
}

TEST(pairs_of_division)
{
	alu(0x30, 0);
	alu(0x30, 1);
}

TEST(pairs_of_remainder)
{
	alu(0x90, 0);
	alu(0x90, 1);
}

TEST(pairs_of_shifts)
{
	alu(0x60, 0);
	alu(0x70, 0);
	alu(0xc0, 0);
}

TEST(pairs_of_sign_extension)
{
	for (u32 i = 0; i < 5; i++)
		try_pairs((struct insn){ .op = i < 2 ? 0xbc : 0xbf, .off = (i16)(i % 2 || i == 4 ? 16 : 8) });
	try_pairs((struct insn){ .op = OPCODE_MOV64_X, .off = 32 });
}

TEST(pairs_of_one_register)
{
	static const u8 ops[] = { 0xd4, 0xdc, 0xd7 };
	bool ok = begin() && try_each((struct insn){ .op = OPCODE_NEG32 }) &&
		  try_each((struct insn){ .op = OPCODE_NEG64 });
	for (u32 i = 0; ok && i < 9; i++)
		ok = try_each((struct insn){ .op = ops[i / 3], .imm = 16 << i % 3 });
	end();
}

/* One division by imm, of a register that changes from one to the next, or of its copy in another one. */
static bool try_constant(u8 op, i16 off, i32 imm)
{
	u32 salt = (u32)imm * 2654435761u >> 16, dst = salt % REGS;
	struct body b = { .base = NO_BASE, .rounds = 30 };
	b.a = b.b = salt & 1 ? salt / REGS % REGS : dst;
	b.unit = imm ? (u64)(imm < 0 && off ? -(i64)imm : (i64)(op & 3 ? (u64)(i64)imm : (u32)imm)) : 1;
	if (b.a != dst)
		b.in[b.count++] = (struct insn){ .op = OPCODE_MOV64_X, .dst = dst & 15, .src = b.a & 15 };
	b.in[b.count++] = (struct insn){ .op = op, .dst = dst & 15, .off = off, .imm = imm };
	b.results = 1u << dst;
	return try_body(&b);
}

/* Quotients, remainders and products, of 32 and of 64 bits, with sign and without. */
static bool try_constants(i32 imm)
{
	static const u8 ops[] = { 0x34, 0x37, 0x94, 0x97, 0x24, 0x27 };
	bool ok = true;
	for (u32 i = 0; ok && i < array_len(ops); i++) {
		ok = try_constant(ops[i], 0, imm);
		if (ok && ops[i] >> 4 != 2)
			ok = try_constant(ops[i], 1, imm);
	}
	return ok;
}

TEST(constants_of_division_and_multiplication)
{
	bool ok = begin();
	u32 random = 1, more = is_thorough ? 600 : 8;
	i32 small = is_thorough ? 300 : 17, beside = is_thorough ? 3 : 1;
	for (i32 imm = small; ok && imm >= -small; imm--)
		ok = try_constants(imm);
	for (u32 bit = 4; ok && bit < 32; bit += is_thorough ? 1 : 9)
		for (i32 near = -beside; ok && near <= beside; near++)
			ok = try_constants((i32)((1u << bit) + (u32)near)) &&
			     try_constants((i32) - ((1u << bit) + (u32)near));
	for (u32 i = 0; ok && i < more; i++) {
		random = random * 1664525 + 1013904223;
		ok = try_constants((i32)random >> random % 24);
	}
	end();
}

/* ---- memory ---- */

/* An access through `base` to or from `other`. */
static bool try_access(struct insn in, u32 base, u32 other, bool bad)
{
	struct body b = { .count = 1, .a = other, .b = other, .base = base, .bad = bad, .rounds = 12 };
	bool is_load = insn_class(&in) == CLASS_LDX;
	b.back = in.off;
	in.dst = (is_load ? other : base) & 15;
	in.src = (is_load ? base : insn_class(&in) == CLASS_ST ? 0 : other) & 15;
	b.in[0] = in;
	b.results = insn_writes(&in);
	return try_body(&b);
}

static void try_accesses(struct insn in, bool bad)
{
	bool ok = begin();
	for (u32 pair = 0; ok && pair < 100; pair++)
		ok = try_access(in, pair / 10, pair % 10, bad);
	end();
}

static const u8 accesses[] = { 0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, /* loads */
			       0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b };
static const i32 atomics[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1 };

TEST(pairs_of_loads_and_stores)
{
	static const i16 offs[] = { 0, 8, -200, 1000 };
	for (u32 i = 0; i < array_len(accesses); i++)
		try_accesses((struct insn){ .op = accesses[i], .off = offs[i % 4], .imm = 0 }, false);
}

/* The address in every register, the operand in every register, even where both are R0. */
TEST(pairs_of_atomics)
{
	for (u32 i = 0; i < 2 * array_len(atomics); i++)
		try_accesses(
		    (struct insn){ .op = i & 1 ? 0xdb : 0xc3, .imm = atomics[i / 2], .off = i % 3 ? 0 : 8 },
		    false);
}

TEST(pairs_of_accesses_to_bad_addresses)
{
	for (u32 i = 0; i < array_len(accesses); i++)
		try_accesses((struct insn){ .op = accesses[i], .off = 16 }, true);
	for (u32 i = 0; i < 2 * array_len(atomics); i++)
		try_accesses((struct insn){ .op = i & 1 ? 0xdb : 0xc3, .imm = atomics[i / 2] }, true);
}

/* Each size to and from the stack; and R10 as an operand, which must be gone again afterwards. */
TEST(pairs_with_the_frame_pointer)
{
	bool ok = begin();
	for (u32 i = 0; ok && i < 400; i++) {
		struct body b = { .a = i / 10 % 10, .b = i % 10, .base = NO_BASE, .rounds = 6 };
		struct insn *at = put(b.in, 0x63 + i / 100 * 8, 10, b.b, -120);
		at = put(at, 0x61 + i / 100 * 8, b.a, 10, -120);
		at = put(at, 0x0f, b.a, 10, 0);
		at = put(at, 0x1f, b.a, 10, 0);
		b.count = (u32)(at - b.in);
		b.results = 1u << b.a;
		ok = try_body(&b);
	}
	end();
}

/* ---- jumps ---- */

static const u8 conditions[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };

/* A jump over a store, and one over an operation that a compiler may make a conditional move of. */
static bool try_jump(struct insn jump, u32 a, u32 b_reg)
{
	struct body b = { .count = 5, .a = a, .b = b_reg, .base = NO_BASE };
	b.rounds = a == 2 && b_reg == 3 ? EDGES * EDGES : 24;
	jump.dst = a & 15;
	jump.src = jump.op & 8 ? b_reg & 15 : 0;
	jump.off = 1;
	b.in[0] = (struct insn){ .op = OPCODE_ST64, .dst = 10, .off = -8, .imm = 1 };
	b.in[1] = jump;
	b.in[2] = (struct insn){ .op = OPCODE_ST64, .dst = 10, .off = -8, .imm = 0 };
	b.in[3] = jump;
	b.in[4] = (struct insn){ .op = b_reg & 1 ? 0xbf : 0x0f, .dst = a & 15, .src = b_reg & 15 };
	b.results = 1u << a;
	return try_body(&b);
}

TEST(pairs_of_jumps)
{
	bool ok = begin();
	for (u32 i = 0; ok && i < 2 * array_len(conditions) * 100; i++) {
		struct insn jump = { .op = conditions[i / 200] | (i & 1 ? 0x0d : 0x0e) };
		ok = try_jump(jump, i / 2 % 10, i / 20 % 10);
	}
	end();
}

TEST(pairs_of_jumps_by_immediates)
{
	static const i32 imms[] = {
		0, 1, 2, -1, 127, 128, 255, -129, 0x7fffffff, -0x7fffffff, -0x7fffffff - 1
	};
	bool ok = begin();
	for (u32 i = 0; ok && i < 2 * array_len(conditions) * array_len(imms) * 10; i++) {
		struct insn jump = { .op = conditions[i / (20 * array_len(imms))] | (i & 1 ? 0x05 : 0x06),
				     .imm = imms[i / 20 % array_len(imms)] };
		u32 r = i / 2 % 10;
		ok = try_jump(jump, r, (r + 1 + i / 20 % 9) % 10);
	}
	end();
}

/* ---- what compilers put together ---- */

/* r = base; r += index; a load into base, index or r. */
TEST(pairs_of_base_and_index)
{
	bool ok = begin();
	for (u32 i = 0; ok && i < 400; i++) {
		u32 base = i % 10, index = i / 10 % 10, sum = (base + 1 + index % 3) % 10;
		u32 to = i / 100 == 0 ? base : i / 100 == 1 ? index : i / 100 == 2 ? sum : (sum + 1) % 10;
		struct body b = { .a = index, .b = index, .base = base, .back = 16, .rounds = 12 };
		if (index == base || sum == index)
			continue;
		struct insn *at = put(b.in, 0x57, index, 0, 0); /* index &= 7 */
		b.in[0].imm = 7;
		at = put(at, 0xbf, sum, base, 0);
		at = put(at, 0x0f, sum, index, 0);
		at = put(at, 0x79, to, sum, 16);
		b.count = (u32)(at - b.in);
		b.results = 1u << to;
		ok = try_body(&b);
	}
	end();
}

/* Left and right shift of two copies, in both orders, that make a rotation or miss it by one bit. */
TEST(pairs_of_rotations)
{
	bool ok = begin();
	for (u32 i = 0; ok && i < 800; i++) {
		bool wide = i / 100 & 1, misses = i / 200 & 1, right_first = i / 400;
		u32 from = i % 10, to = i / 10 % 10, low = wide ? 7 : 4;
		i32 left = 1 + (i32)(i % (wide ? 63 : 31)), right = (wide ? 64 : 32) - left - misses;
		struct body b = { .a = to, .b = from, .base = NO_BASE, .rounds = 12 };
		if (from == to)
			continue;
		struct insn *at = put(b.in, 0xb8 + low, to, from, 0);
		at = put(at, (right_first ? 0x70 : 0x60) + low, to, 0, 0);
		at[-1].imm = right_first ? right : left;
		at = put(at, (right_first ? 0x60 : 0x70) + low, from, 0, 0);
		at[-1].imm = right_first ? left : right;
		at = put(at, 0x48 + low, to, from, 0);
		b.count = (u32)(at - b.in);
		b.results = 1u << to;
		ok = try_body(&b);
	}
	end();
}
