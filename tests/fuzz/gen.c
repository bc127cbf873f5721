// SPDX-License-Identifier: MIT
// Programs out of bytes. Everywhere between two units holds:
//
//      R6            points to the memory
//      R0-R5, R7-R9  hold numbers, none of them made of an address. What a loop counts in, or walks over
//                    the memory with, is in `counters` or `pointers` and nobody else writes it
//      the stack     holds numbers: 48 bytes for all, below them the counters of loops
//
// so that any unit may follow any other, and a jump may lead to the beginning of any that comes later. It
// does not lead into a loop, and out of one only to where that ends; so every loop ends.
#include "tests/fuzz/gen.h"
#include "kernel/lib/mem.h"

enum { FUNCS_MAX = 4, LOOPS_MAX = 3, JUMPS_MAX = 512, CALLS_MAX = 3, INSNS_LEFT = 320 };
enum { KEY_AT = -GEN_STACK - 8 * (LOOPS_MAX + 1) }; /* the stack's last word in use: a key of a map */

/* The upper four bits of arithmetic and jumps: RFC 9669, tables 6 and 10. */
enum { ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60, RSH = 0x70 };
enum { MOD = 0x90, XOR = 0xa0, MOV = 0xb0, ARSH = 0xc0 };
enum { JEQ = 0x10, JNE = 0x50, JLT = 0xa0, JSLT = 0xc0 };

enum loop_kind { COUNT_DOWN, COUNT_UP, COUNT_IN_STACK, TEST_FIRST, LOOP_KINDS };

struct loop {
	enum loop_kind kind;
	bool wide;
	u8 counter, pointer; /* registers; 0 if there is none */
	u32 head, count;
	u32 weight; /* of the code outside */
};

struct gen {
	const u8 *bytes; /* what is left of them */
	size_t len;
	u8 window[8]; /* the unit's, ... */
	u32 drawn;    /* ... how many of them it has used; then it goes on with */
	u64 random;

	struct insn *insns;
	u32 count, units;       /* of all functions */
	u32 counters, pointers; /* bit n: Rn is one */
	struct loop loops[LOOPS_MAX];
	u32 depth, weight; /* how often a unit runs in one run of its function */
	struct {
		u32 insn, unit, depth;
	} jumps[JUMPS_MAX]; /* that wait for their targets */
	u32 jump_count;
	struct call {
		u32 insn, func;
		bool is_callback; /* by way of a function that makes a callback's arguments ours */
	} calls[FUNCS_MAX * CALLS_MAX];
	u32 call_count, calls_here;
	bool takes_addresses; /* of functions */
	bool
	    tail_calls_below; /* not only in main; then no address of the stack is taken, see PROG_KEPT_MAX */
	u32 func, func_at[FUNCS_MAX];
	u32 live; /* bit n: Rn, bit 10 + n: 8 bytes of the stack, are part of the result */
};

/* ---- drawing ---- */

/* Goes on to the next 8 bytes; false when they are all used. */
static bool next_window(struct gen *g)
{
	if (g->len < sizeof(g->window))
		return false;
	memcpy(g->window, g->bytes, sizeof(g->window));
	memcpy(&g->random, g->bytes, sizeof(g->random));
	g->bytes += sizeof(g->window);
	g->len -= sizeof(g->window);
	g->drawn = 0;
	return true;
}

static u32 draw(struct gen *g)
{
	if (g->drawn < sizeof(g->window))
		return g->window[g->drawn++];
	g->random = g->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u8)(g->random >> 56);
}

static u32 below(struct gen *g, u32 limit)
{
	return draw(g) % limit;
}

static bool once_in(struct gen *g, u32 n)
{
	return below(g, n) == 0;
}

/* clang-format off */
static const u64 edges[] = {
	0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 24, 31, 32, 33, 48, 56, 63, 64, 65, 100, 127, 128, 255, 256, 1000,
	0x7fff, 0x8000, 0xffff, 10000, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 1000000007,
	1ull << 32, 3ull << 31, 1ull << 63, ~0ull >> 1, ~0ull << 31, ~0ull, ~1ull, ~2ull, ~6ull, ~9ull, ~0x7full,
	~0x80ull, ~0x7fffull, ~0xffffull,
};
/* clang-format on */

static u64 number(struct gen *g)
{
	u64 value = 0;
	u32 how = draw(g);
	if (how < 192)
		return edges[how % array_len(edges)];
	for (u32 i = 0; i < (how < 224 ? 4 : 8); i++)
		value = value << 8 | draw(g);
	return value;
}

/* A register, of those that hold numbers, that is not in the mask. Some always is not. */
static u32 reg(struct gen *g, u32 mask)
{
	static const u8 regs[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9 };
	u32 i = below(g, array_len(regs));
	while (mask & 1u << regs[i])
		i = (i + 1) % array_len(regs);
	return regs[i];
}

static u32 any_src(struct gen *g)
{
	return reg(g, g->pointers);
}

static u32 any_dst(struct gen *g)
{
	return reg(g, g->pointers | g->counters);
}

/* ---- writing ---- */

static void add(struct gen *g, u32 op, u32 dst, u32 src, i32 off, i32 imm)
{
	g->insns[g->count++] =
	    (struct insn){ .op = (u8)op, .dst = dst & 15, .src = src & 15, .off = (i16)off, .imm = imm };
}

static void add_imm64(struct gen *g, u32 dst, u64 value)
{
	add(g, 0x18, dst, 0, 0, (i32)value);
	add(g, 0, 0, 0, 0, (i32)(value >> 32));
}

static void alu_k(struct gen *g, u32 code, bool wide, u32 dst, i64 imm)
{
	add(g, code | (wide ? 7 : 4), dst, 0, 0, (i32)imm);
}

static void alu_x(struct gen *g, u32 code, bool wide, u32 dst, u32 src)
{
	add(g, code | 8 | (wide ? 7 : 4), dst, src, 0, 0);
}

static void add_number(struct gen *g, u32 dst)
{
	u32 how = below(g, 4);
	u64 value = number(g);
	if (how == 0)
		add_imm64(g, dst, value);
	else
		alu_k(g, MOV, how != 1, dst, (i64)value);
}

/* Any arithmetic on two operands. */
static void add_alu(struct gen *g, u32 dst)
{
	static const u8 codes[] = {
		ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, MOD, XOR, MOV, ARSH, ADD, AND, LSH
	};
	static const u8 extends[] = { 0, 8, 16, 32 };
	u32 how = draw(g), code = codes[how % array_len(codes)];
	bool wide = how & 128, from_reg = once_in(g, 2);
	u32 signs = code == DIV || code == MOD ? below(g, 2) : 0;
	if (!from_reg) {
		alu_k(g, code, wide, dst, (i64)number(g));
	} else {
		alu_x(g, code, wide, dst, any_src(g));
		if (code == MOV)
			signs = extends[below(g, wide ? 4 : 3)];
	}
	g->insns[g->count - 1].off = (i16)signs;
}

/* A conditional jump over `over` instructions. */
static void add_if(struct gen *g, i32 over)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	u32 how = draw(g), code = codes[how % array_len(codes)], class = how & 128 ? 5 : 6;
	if (once_in(g, 2))
		add(g, code | class | 8, any_src(g), any_src(g), over, 0);
	else
		add(g, code | class, any_src(g), 0, over, once_in(g, 2) ? 0 : (i32)number(g));
}

/* ---- units: arithmetic ---- */

static void unit_alu(struct gen *g)
{
	add_alu(g, any_dst(g));
}

/* Negations and byte swaps. */
static void unit_unary(struct gen *g)
{
	static const u8 ops[] = { 0x84, 0x87, 0xd4, 0xdc, 0xd7 };
	u32 op = ops[below(g, array_len(ops))];
	add(g, op, any_dst(g), 0, 0, op < 0xd0 ? 0 : 16 << below(g, 3));
}

static void unit_number(struct gen *g)
{
	add_number(g, any_dst(g));
}

/* Multiplication and division by constants: each becomes something else in machine code. */
static void unit_constant(struct gen *g)
{
	static const u8 codes[] = { MUL, DIV, MOD, DIV, MOD };
	u32 how = draw(g), code = codes[how % array_len(codes)];
	i32 imm = (i32)number(g);
	if (how & 32) /* a power of two, or beside one */
		imm = (i32)((1u << below(g, 32)) + below(g, 3) - 1);
	alu_k(g, code, how & 128, any_dst(g), imm);
	g->insns[g->count - 1].off = code != MUL && how & 64 ? 1 : 0;
}

static void unit_shift(struct gen *g)
{
	static const u8 codes[] = { LSH, RSH, ARSH };
	u32 how = draw(g);
	alu_x(g, codes[how % 3], how & 128, any_dst(g), any_src(g));
}

/* Now and then something comes between two parts of a pattern. */
static void maybe_between(struct gen *g)
{
	if (once_in(g, 8))
		add_alu(g, any_dst(g));
}

/* t = x; t <<= k; u >>= bits - k; u |= t: a rotate, or nearly one. */
static void unit_rotate(struct gen *g)
{
	u32 how = draw(g), k = draw(g) & 63, t = any_dst(g), u = any_dst(g), x = any_src(g);
	bool wide = how & 1;
	u32 left = wide ? k : k & 31, right = (wide ? 64 : 32) - left - (how >> 5 == 7);
	alu_x(g, MOV, how & 2 || wide, t, how & 16 ? x : u);
	if (how & 4) {
		alu_k(g, LSH, wide, t, (i32)left);
		maybe_between(g);
		alu_k(g, RSH, wide, u, (i32)right);
	} else {
		alu_k(g, RSH, wide, t, (i32)right);
		maybe_between(g);
		alu_k(g, LSH, wide, u, (i32)left);
	}
	alu_x(g, once_in(g, 4) ? XOR : once_in(g, 4) ? ADD : OR, wide, u, t);
	if (how & 8)
		alu_x(g, MOV, true, any_dst(g), u);
}

/* Extension by two shifts, as compilers without movsx write it. */
static void unit_extend(struct gen *g)
{
	static const u8 counts[] = { 32, 32, 48, 56, 16, 24, 31, 33 };
	u32 how = draw(g), dst = any_dst(g), k = counts[how & 7];
	bool wide = k >= 32 || how & 8;
	alu_x(g, MOV, how & 16, dst, any_src(g));
	alu_k(g, LSH, wide, dst, wide ? k : k & 31);
	maybe_between(g);
	alu_k(g, how & 32 ? RSH : ARSH, wide, dst, wide ? k : k & 31);
	if (how & 64)
		add_alu(g, any_dst(g));
}

/* A copy, whole or of the lower half, and something with it. */
static void unit_copy(struct gen *g)
{
	u32 how = draw(g), copy = any_dst(g), from = any_src(g);
	alu_x(g, MOV, how & 1, copy, from);
	maybe_between(g);
	add_alu(g, copy);
	if (how & 2)
		alu_x(g, how & 4 ? ADD : SUB, how & 8, any_dst(g), copy);
	if (how & 16)
		add_alu(g, how & 32 ? copy : any_dst(g));
}

/* q = a / b; q *= b; r = a - q: a remainder, or nearly one. */
static void unit_remainder(struct gen *g)
{
	u32 how = draw(g), a = any_src(g), b = any_src(g), q = any_dst(g), r = any_dst(g);
	alu_x(g, MOV, how & 1, q, a);
	alu_x(g, DIV, how & 2, q, b);
	g->insns[g->count - 1].off = how >> 6 == 3;
	maybe_between(g);
	alu_x(g, MUL, how & 4, q, how & 48 ? b : any_src(g));
	alu_x(g, MOV, how & 1, r, a);
	alu_x(g, SUB, how & 8, r, q);
}

/* ---- units: decisions inside ---- */

/* A jump over one or two instructions. */
static void unit_skip(struct gen *g)
{
	u32 at = g->count, count = once_in(g, 4) ? 2 : 1;
	add_if(g, 0);
	while (count--)
		if (once_in(g, 8))
			add(g, 0x79, any_dst(g), 6, (i32)below(g, GEN_DATA - 7), 0);
		else
			add_alu(g, any_dst(g));
	g->insns[at].off = (i16)(g->count - at - 1);
}

/* One of two values. */
static void unit_choose(struct gen *g)
{
	u32 how = draw(g), dst = any_dst(g);
	if (how & 1) {
		alu_k(g, MOV, how & 2, dst, below(g, 2));
		add_if(g, 1);
		alu_k(g, MOV, how & 2, dst, how & 4 ? 1 : (i32)number(g));
		return;
	}
	add_if(g, 2);
	alu_x(g, MOV, how & 2, dst, any_src(g));
	add(g, 0x05, 0, 0, 1, 0);
	alu_x(g, MOV, how & 4, dst, any_src(g));
}

/* Arithmetic, and a look at its result beside zero. */
static void unit_zero(struct gen *g)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	u32 how = draw(g), dst = any_dst(g);
	if (how & 1)
		alu_x(g, MOV, how & 2, dst, any_src(g));
	if (how & 4)
		alu_x(g, AND, how & 8, dst, any_src(g));
	else
		add_alu(g, dst);
	maybe_between(g);
	add(g, codes[below(g, array_len(codes))] | (how & 16 ? 5 : 6), dst, 0, 1, 0);
	add_alu(g, how & 32 ? dst : any_dst(g));
}

/* ---- units: memory ---- */

struct place {
	u32 base;
	i32 off;
};

/* Room for 8 bytes: memory, stack, or where a loop's pointer is. */
static struct place any_place(struct gen *g)
{
	u32 how = draw(g);
	for (u32 i = 0; how & 3 && i < g->depth; i++)
		if (g->loops[i].pointer)
			return (struct place){ g->loops[i].pointer, (i32)below(g, GEN_DATA - 64 - 7) };
	if (how & 4)
		return (struct place){ BPF_FP, (i32)below(g, GEN_STACK - 7) - GEN_STACK };
	return (struct place){ 6, (i32)below(g, GEN_DATA - 7) };
}

static void add_load(struct gen *g, struct place p, u32 dst)
{
	static const u8 ops[] = { 0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, 0x79 };
	add(g, ops[draw(g) & 7], dst, p.base, p.off, 0);
}

static void add_store(struct gen *g, struct place p, u32 src)
{
	static const u8 ops[] = { 0x63, 0x6b, 0x73, 0x7b };
	add(g, ops[draw(g) & 3], p.base, src, p.off, 0);
}

static void add_atomic(struct gen *g, struct place p)
{
	static const i32 ops[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1, 0xf1 };
	u32 how = draw(g);
	i32 op = ops[how % array_len(ops)];
	/* The register is written, too, if the old value is asked for. */
	add(g, how & 128 ? 0xdb : 0xc3, p.base, op & 1 && op != 0xf1 ? any_dst(g) : any_src(g), p.off, op);
}

/* Any access; t, which may hold an address, may be loaded over. True if it was. */
static bool add_access(struct gen *g, struct place p, u32 t)
{
	u32 how = below(g, 8);
	if (how < 3)
		add_load(g, p, any_dst(g));
	else if (how < 5)
		add_load(g, p, t);
	else if (how < 6)
		add_store(g, p, any_src(g));
	else if (how < 7)
		add(g, 0x62 | below(g, 4) << 3, p.base, 0, p.off, (i32)number(g));
	else
		add_atomic(g, p);
	return how == 3 || how == 4 ||
	       (how == 7 && t == BPF_R0 && g->insns[g->count - 1].imm == 0xf1); /* what was there is in R0 */
}

static void unit_access(struct gen *g)
{
	struct place p = any_place(g);
	add_access(g, p, any_dst(g));
}

static void unit_atomic(struct gen *g)
{
	struct place p = any_place(g);
	if (once_in(g, 3)) /* so that cmpxchg finds what it looks for */
		add(g, 0x79, BPF_R0, p.base, p.off, 0);
	add_atomic(g, p);
}

/* A load, something with it, and perhaps a store to the same place. */
static void unit_operand(struct gen *g)
{
	u32 how = draw(g), t = any_dst(g), dst = any_dst(g);
	struct place p = any_place(g);
	add_load(g, p, t);
	maybe_between(g);
	if (how & 1) {
		add_alu(g, t);
		add_store(g, how & 2 ? any_place(g) : p, t);
		return;
	}
	if (how & 4)
		alu_k(g, LSH, how & 8, t, how >> 3);
	alu_x(g, how & 64 ? ADD : how & 32 ? XOR : AND, how & 128, dst, t);
	if (how & 16)
		add_number(g, t);
}

/* Loads and stores beside each other. */
static void unit_neighbours(struct gen *g)
{
	u32 how = draw(g), a = any_dst(g), b = any_dst(g), step = 1u << (how & 3);
	struct place p = { 6, (i32)below(g, GEN_DATA - 15) };
	add_load(g, p, a);
	p.off += (i32)step;
	if (how & 4)
		add_store(g, p, any_src(g));
	add_load(g, p, b);
	if (how & 8)
		alu_k(g, LSH, how & 16, b, (i32)(8 * step));
	alu_x(g, how & 32 ? OR : ADD, how & 64, a, b);
}

/* idx = a number of 0 .. mask, less half of it if it is to be signed, times 1 << shift. Returns how far below
 * 0 that can be. */
static i32 add_index(struct gen *g, u32 idx, u32 mask, u32 shift)
{
	u32 how = draw(g);
	i32 bias = how & 1 ? (i32)(mask + 1) / 2 : 0;
	alu_x(g, MOV, how & 2, idx, any_src(g));
	alu_k(g, AND, how & 4, idx, (i32)mask);
	if (bias && how & 8) {
		alu_k(g, SUB, false, idx, bias);
		add(g, 0xbf, idx, idx, 32, 0); /* the upper half again */
	} else if (bias) {
		alu_k(g, SUB, true, idx, bias);
	}
	if (how & 16 && shift && !bias)
		alu_k(g, LSH, false, idx, (i32)shift);
	else if (shift)
		alu_k(g, how & 32 ? LSH : MUL, true, idx, how & 32 ? (i32)shift : 1 << shift);
	return bias << shift;
}

/* t += c, in one step or in two that are large. */
static void add_sum(struct gen *g, u32 t, i32 c)
{
	static const i32 large[] = { 0x70000000, -0x70000000, 0x8000, -0x8000, 0x7ff0, 100, -100, 8 };
	u32 how = draw(g);
	i32 first = how & 1 ? large[how >> 1 & 7] : 0;
	if (first)
		alu_k(g, ADD, true, t, first);
	if (c != first)
		alu_k(g, how & 128 ? SUB : ADD, true, t, how & 128 ? first - c : c - first);
}

/* t = base + (index << shift) + c; an access at it. What t then holds tells nothing of the base. */
static void unit_address(struct gen *g)
{
	u32 how = draw(g), base = how & 1 && !g->tail_calls_below ? BPF_FP : 6,
	    mask = base == 6 && how & 2 ? 7 : 3, shift = how >> 2 & 3;
	u32 t = any_dst(g), idx = reg(g, g->pointers | g->counters | 1u << t);
	bool indexed = how & 16;
	i32 room = base == 6 ? GEN_DATA - 7 : GEN_STACK - 7,
	    low = indexed ? add_index(g, idx, mask, shift) : 0;
	i32 c = low + (i32)below(g, (u32)(room - (indexed ? (i32)(mask << shift) : 0)));
	i32 off = how & 32 ? (i32)draw(g) - 128 : 0;
	c -= base == 6 ? 0 : GEN_STACK;
	g->pointers |= 1u << t;
	alu_x(g, MOV, true, t, how & 64 && indexed ? idx : base);
	if (how & 128)
		add_sum(g, t, c - off);
	if (indexed)
		alu_x(g, ADD, true, t, how & 64 ? base : idx);
	if (!(how & 128))
		add_sum(g, t, c - off);
	if (!add_access(g, (struct place){ t, off }, t))
		alu_x(g, SUB, true, t, base);
	g->pointers &= ~(1u << t);
}

/* An access where nothing is: a load gives 0, a store does nothing. */
static void unit_nowhere(struct gen *g)
{
	static const u64 nowhere[] = { 0, 8, 1ull << 63, ~0ull << 48, 0x123400000000 };
	u32 how = draw(g), t = any_dst(g), idx = reg(g, g->pointers | g->counters | 1u << t);
	if (how & 1)
		add_index(g, idx, 7, how >> 1 & 3);
	add_imm64(g, t, nowhere[below(g, array_len(nowhere))]);
	if (how & 1)
		alu_x(g, ADD, true, t, idx);
	add_access(g, (struct place){ t, (i32)below(g, 64) }, any_dst(g));
}

/* Somewhere in the array, whose address is a constant. */
static void unit_value(struct gen *g)
{
	u32 how = draw(g), t = any_dst(g), idx = reg(g, g->pointers | g->counters | 1u << t);
	if (how & 1)
		add_index(g, idx, 3, how >> 1 & 3);
	add(g, 0x18, t, 2, 0, GEN_ARRAY);
	add(g, 0, 0, 0, 0, 24 + (i32)below(g, 8));
	g->pointers |= 1u << t;
	if (how & 1)
		alu_x(g, ADD, true, t, idx);
	if (how & 8)
		add_sum(g, t, (i32)below(g, 4));
	if (!add_access(g, (struct place){ t, (i32)below(g, 8) }, t))
		add_number(g, t);
	g->pointers &= ~(1u << t);
}

/* ---- units: jumps and loops ---- */

static void unit_jump(struct gen *g)
{
	u32 how = draw(g), ahead = how & 3 ? how >> 2 & 3 : how >> 2 & 31;
	if (g->jump_count == JUMPS_MAX)
		return;
	g->jumps[g->jump_count].insn = g->count;
	g->jumps[g->jump_count].depth = g->depth;
	g->jumps[g->jump_count++].unit = g->units + 1 + ahead;
	if (how >= 240)
		add(g, how & 1 ? 0x05 : 0x06, 0, 0, 0, 0);
	else
		add_if(g, 0);
}

static void set_distance(struct gen *g, u32 insn)
{
	i32 distance = (i32)(g->count - insn - 1);
	if (g->insns[insn].op == 0x06)
		g->insns[insn].imm = distance;
	else
		g->insns[insn].off = (i16)distance;
}

/* Here end the jumps that come out of a loop; and, between two units, those that wanted to. */
static void bind_jumps(struct gen *g, bool between)
{
	u32 kept = 0;
	for (u32 i = 0; i < g->jump_count; i++) {
		bool arrives = between && g->jumps[i].unit <= g->units && g->jumps[i].depth == g->depth;
		if (arrives || g->jumps[i].depth > g->depth)
			set_distance(g, g->jumps[i].insn);
		else
			g->jumps[kept++] = g->jumps[i];
	}
	g->jump_count = kept;
}

static i32 counter_slot(const struct gen *g)
{
	return -GEN_STACK - 8 * (i32)(g->depth + 1);
}

static void unit_loop(struct gen *g)
{
	u32 how = draw(g), limit = g->func ? 4 : 64;
	if (g->depth == LOOPS_MAX || g->weight == limit)
		return;
	struct loop *l = &g->loops[g->depth];
	*l = (struct loop){ .kind = how % LOOP_KINDS, .wide = how & 16, .weight = g->weight };
	l->count = 1 + min(below(g, 16), limit / g->weight - 1);
	if (l->kind == COUNT_IN_STACK) {
		add(g, 0x7a, BPF_FP, 0, counter_slot(g), (i32)l->count);
	} else {
		l->counter = (u8)reg(g, g->pointers | g->counters | 1);
		alu_k(g, MOV, how & 32, l->counter, l->kind == COUNT_UP ? 0 : l->count);
		g->counters |= 1u << l->counter;
	}
	if (how & 64) {
		l->pointer = (u8)reg(g, g->pointers | g->counters | 1);
		alu_x(g, MOV, true, l->pointer, 6);
		g->pointers |= 1u << l->pointer;
	}
	l->head = g->count;
	if (l->kind == TEST_FIRST)
		add(g, JEQ | (l->wide ? 5 : 6), l->counter, 0, 0, 0);
	g->depth++;
	g->weight *= l->count;
}

/* The part of a loop that leads back to its head. */
static void add_back_jump(struct gen *g, const struct loop *l)
{
	u32 class = l->wide ? 5 : 6, counter = l->counter;
	if (l->kind == TEST_FIRST) {
		alu_k(g, SUB, l->wide, counter, 1);
		add(g, 0x05, 0, 0, (i32)(l->head - g->count) - 1, 0);
		set_distance(g, l->head);
		return;
	}
	if (l->kind == COUNT_UP) {
		alu_k(g, ADD, l->wide, counter, 1);
		add(g, (below(g, 2) ? JLT : JSLT) | class, counter, 0, (i32)(l->head - g->count) - 1,
		    (i32)l->count);
		return;
	}
	if (l->kind == COUNT_IN_STACK) {
		counter = any_dst(g);
		add(g, 0x79, counter, BPF_FP, counter_slot(g), 0);
	}
	alu_k(g, ADD, l->wide, counter, -1);
	if (l->kind == COUNT_IN_STACK)
		add(g, 0x7b, BPF_FP, counter, counter_slot(g), 0);
	add(g, JNE | class, counter, 0, (i32)(l->head - g->count) - 1, 0);
}

static void unit_loop_end(struct gen *g)
{
	if (!g->depth)
		return;
	struct loop *l = &g->loops[--g->depth];
	if (l->pointer) /* 16 * 4 or 8 * 8 bytes further at the end */
		alu_k(g, ADD, true, l->pointer, 1 << below(g, l->count > 8 ? 3 : 4));
	add_back_jump(g, l);
	g->counters &= ~(1u << l->counter);
	bind_jumps(g, false);
	if (l->pointer) {
		alu_x(g, SUB, true, l->pointer, 6);
		g->pointers &= ~(1u << l->pointer);
	}
	g->weight = l->weight;
}

/* ---- units: calls ---- */

/* Whether what a call changes is nobody's, and there is a register that it does not change. */
static bool can_call(const struct gen *g)
{
	u32 taken = g->counters | g->pointers;
	return !(taken & 0x3f) && (taken & 0x380) != 0x380;
}

/* R1 to R5 are lost after a call. */
static void add_arguments_again(struct gen *g)
{
	for (u32 r = 1; r <= 5; r++)
		add_number(g, r);
}

/* reg = map i of the program. */
static void add_map(struct gen *g, u32 reg, u32 i)
{
	add(g, 0x18, reg, 1, 0, (i32)i);
	add(g, 0, 0, 0, 0, 0);
}

/* The key, and R2 leads to it. One in a few is in no map. */
static void add_key(struct gen *g)
{
	u32 how = draw(g);
	if (how & 1) {
		alu_k(g, AND, true, BPF_R2, 7);
		add(g, 0x63, BPF_FP, BPF_R2, KEY_AT, 0);
	} else {
		add(g, 0x62, BPF_FP, 0, KEY_AT, how & 8 ? (i32)number(g) : (i32)(how >> 5));
	}
	alu_x(g, MOV, true, BPF_R2, BPF_FP);
	alu_k(g, ADD, true, BPF_R2, KEY_AT);
}

/* A look-up, and an access if there is something. */
static void unit_lookup(struct gen *g)
{
	if (!can_call(g) || g->tail_calls_below)
		return;
	add_key(g);
	add_map(g, BPF_R1, once_in(g, 4) ? GEN_HASH : GEN_ARRAY);
	add(g, 0x85, 0, 0, 0, 1);
	u32 at = g->count;
	add(g, JEQ | 5, BPF_R0, 0, 0, 0);
	g->pointers |= 0x3f;
	add_access(g, (struct place){ BPF_R0, 0 }, reg(g, g->pointers | g->counters));
	g->pointers &= ~0x3fu;
	set_distance(g, at);
	add_number(g, BPF_R0);
	add_arguments_again(g);
}

static void unit_update(struct gen *g)
{
	u32 how = draw(g);
	if (!can_call(g) || g->tail_calls_below)
		return;
	add_key(g);
	add_map(g, BPF_R1, how & 1 ? GEN_ARRAY : GEN_HASH);
	alu_x(g, MOV, true, BPF_R3, 6);
	alu_k(g, MOV, true, BPF_R4, how >> 1 & 3);
	add(g, 0x85, 0, 0, 0, how & 8 ? 2 : 3);
	add_arguments_again(g);
}

static void add_helper_call(struct gen *g)
{
	static const u8 helpers[] = { 5, 8, 42 };
	add(g, 0x85, 0, 0, 0, helpers[below(g, array_len(helpers))]);
}

/* Notes that the instruction that comes next names a function; which, is known at the end. */
static void note_call(struct gen *g, bool is_callback)
{
	u32 func = g->func + 1 + below(g, FUNCS_MAX);
	g->calls[g->call_count++] = (struct call){ g->count, func, is_callback };
}

static void add_func(struct gen *g, u32 reg, bool is_callback)
{
	note_call(g, is_callback);
	add(g, 0x18, reg, 4, 0, 0);
	add(g, 0, 0, 0, 0, 0);
}

/* By register: only in main, so that it cannot lead to itself. */
static void add_callx(struct gen *g)
{
	u32 reg_of = reg(g, g->pointers | g->counters | 0x3e); /* it is not to be an argument */
	if (once_in(g, 3))
		add(g, 0xb7, reg_of, 0, 0, once_in(g, 4) ? 4711 : 42);
	else
		add_func(g, reg_of, false);
	alu_x(g, MOV, true, BPF_R1, 6);
	add(g, 0x8d, reg_of, 0, 0, 0);
	if (reg_of != BPF_R0)
		add_number(g, reg_of);
}

/* bpf_loop. */
static void add_callback(struct gen *g)
{
	alu_k(g, MOV, true, BPF_R1, below(g, 5));
	add_func(g, BPF_R2, true);
	alu_x(g, MOV, true, BPF_R3, 6);
	alu_k(g, MOV, true, BPF_R4, once_in(g, 8));
	add(g, 0x85, 0, 0, 0, 181);
}

static void unit_call(struct gen *g)
{
	u32 how = below(g, 8);
	if (!can_call(g) || g->calls_here == CALLS_MAX || (g->func && g->weight > 1))
		return;
	g->calls_here++;
	if (how < 2) {
		add_helper_call(g);
	} else if (how < 3 && g->takes_addresses && !g->func) {
		add_callx(g);
	} else if (how < 5 && g->takes_addresses) {
		add_callback(g);
	} else {
		alu_x(g, MOV, true, BPF_R1, 6);
		note_call(g, false);
		add(g, 0x85, 0, 1, 0, 0);
	}
	add_arguments_again(g);
}

/* The program again, from its beginning; in most slots of the map there is nothing. */
static void unit_tail_call(struct gen *g)
{
	if (!can_call(g) || g->weight > 1 || (g->func && !g->tail_calls_below))
		return;
	alu_x(g, MOV, true, BPF_R1, 6);
	if (once_in(g, 2))
		alu_k(g, MOV, true, BPF_R3, below(g, 6));
	add_map(g, BPF_R2, GEN_PROGS);
	add(g, 0x85, 0, 0, 0, 12);
	add_number(g, BPF_R0);
	add_arguments_again(g);
}

/* What those call that wanted a function that is not there. */
static u32 add_leaf(struct gen *g)
{
	alu_k(g, MOV, true, BPF_R0, 3);
	add(g, 0x95, 0, 0, 0, 0);
	return g->count - 2;
}

/* A callback(index, memory) that calls a function of ours and goes on if that gives an even number. */
static u32 add_thunk(struct gen *g, u32 func_at)
{
	u32 at = g->count;
	alu_x(g, MOV, true, BPF_R5, BPF_R1);
	alu_x(g, MOV, true, BPF_R1, BPF_R2);
	alu_x(g, MOV, true, BPF_R2, BPF_R5);
	alu_k(g, MOV, true, BPF_R3, 3);
	alu_k(g, MOV, true, BPF_R4, -4);
	add(g, 0x85, 0, 1, 0, (i32)(func_at - g->count - 1));
	alu_k(g, AND, false, BPF_R0, 1);
	add(g, 0x95, 0, 0, 0, 0);
	return at;
}

static void bind_calls(struct gen *g)
{
	u32 leaf = g->call_count ? add_leaf(g) : 0;
	for (u32 i = 0; i < g->call_count; i++) {
		const struct call *c = &g->calls[i];
		u32 at = c->func <= g->func ? g->func_at[c->func] : leaf;
		if (c->is_callback)
			at = add_thunk(g, at);
		g->insns[c->insn].imm = (i32)(at - c->insn - 1);
	}
}

/* ---- functions ---- */

static void begin_function(struct gen *g)
{
	g->func_at[g->func] = g->count;
	g->calls_here = 0;
	g->weight = 1;
	alu_x(g, MOV, true, 6, BPF_R1);
	/* R2 to R5 of a function are what its caller has in them. */
	for (u32 r = 0; r <= 9; r++)
		if (r != 6 && !(g->func && r >= 2 && r <= 5))
			add_number(g, r);
	for (i32 off = -GEN_STACK; off < 0; off += 8)
		add(g, 0x7b, BPF_FP, any_src(g), off, 0);
}

/* What main leaves: registers and stack, in memory. */
static void end_main(struct gen *g)
{
	for (u32 r = 0; r <= 9; r++)
		if (g->live & 1u << r && r != 6)
			add(g, 0x7b, 6, r, GEN_REGS_AT + 8 * (i32)r, 0);
	for (i32 i = 0; i < GEN_STACK / 8; i++) {
		if (!(g->live & 1u << (10 + i)))
			continue;
		add(g, 0x79, 1, BPF_FP, 8 * i - GEN_STACK, 0);
		add(g, 0x7b, 6, 1, GEN_STACK_AT + 8 * i, 0);
	}
}

/* What a function leaves: all of it in R0. */
static void end_other(struct gen *g)
{
	for (u32 r = 1; r <= 9; r++) {
		if (!(g->live & 1u << r) || r == 6)
			continue;
		alu_k(g, MUL, true, BPF_R0, 31);
		alu_x(g, ADD, true, BPF_R0, r);
	}
	add(g, 0x79, 1, BPF_FP, -8 * (1 + (i32)(g->live % (GEN_STACK / 8))), 0);
	alu_x(g, XOR, true, BPF_R0, 1);
}

static void end_function(struct gen *g)
{
	while (g->depth)
		unit_loop_end(g);
	g->units += 64; /* further than any jump wanted to go */
	bind_jumps(g, true);
	if (g->func)
		end_other(g);
	else
		end_main(g);
	add(g, 0x95, 0, 0, 0, 0);
}

static void unit_function(struct gen *g)
{
	if (g->func + 1 == FUNCS_MAX)
		return;
	end_function(g);
	g->func++;
	begin_function(g);
}

/* ---- the whole ---- */

struct unit {
	void (*make)(struct gen *g);
	bool has_no_address; /* a jump may lead into its middle */
};

/* Drawn evenly: what stands twice comes twice as often. */
/* clang-format off */
static const struct unit units[] = {
	{ unit_alu, true }, { unit_alu, true }, { unit_unary, true }, { unit_number, true },
	{ unit_constant, true }, { unit_constant, true }, { unit_shift, true }, { unit_rotate, true },
	{ unit_rotate, true }, { unit_extend, true }, { unit_copy, true }, { unit_copy, true },
	{ unit_remainder, true }, { unit_skip, true }, { unit_skip, true }, { unit_choose, true },
	{ unit_zero, true }, { unit_zero, true }, { unit_access, true }, { unit_access, true },
	{ unit_atomic, true }, { unit_operand, true }, { unit_operand, true }, { unit_neighbours, true },
	{ unit_address, false }, { unit_address, false }, { unit_address, false }, { unit_value, false },
	{ unit_nowhere, false }, { unit_lookup, false }, { unit_update, false }, { unit_jump, false },
	{ unit_jump, false }, { unit_loop, false }, { unit_loop, false }, { unit_loop_end, false },
	{ unit_call, false }, { unit_call, false }, { unit_tail_call, false }, { unit_function, false },
};
/* clang-format on */

/* A unit, once in a while with a jump into its middle. */
static void add_unit(struct gen *g)
{
	const struct unit *u = &units[below(g, array_len(units))];
	u32 at = g->count, into = g->window[7];
	if (!u->has_no_address || into >= 32) {
		u->make(g);
		return;
	}
	add_if(g, 0);
	u->make(g);
	u32 target = at + 1 + into % (g->count - at);
	if (target < g->count && g->insns[target].op == 0)
		target++; /* the second half of an immediate */
	g->insns[at].off = (i16)(target - at - 1);
}

u32 gen_program(struct insn insns[GEN_INSNS_MAX], const u8 *bytes, size_t len)
{
	struct gen g = { .bytes = bytes, .len = len, .insns = insns };
	next_window(&g);
	g.live = (draw(&g) | draw(&g) << 8) ^ 0xffff; /* no bytes: all */
	u32 how = draw(&g) & 3;
	g.takes_addresses = how & 1;
	g.tail_calls_below = how == 2;
	begin_function(&g);
	for (; g.count < GEN_INSNS_MAX - INSNS_LEFT && next_window(&g); g.units++) {
		bind_jumps(&g, true);
		add_unit(&g);
	}
	end_function(&g);
	bind_calls(&g);
	return g.count;
}
