// SPDX-License-Identifier: MIT
// Units that calculate and that branch within themselves: the patterns that optimisers look for.
#include "tests/fuzz/gen_parts.h"

void unit_alu(struct gen *g)
{
	add_alu(g, any_dst(g));
}

/* Negations and byte swaps. */
void unit_unary(struct gen *g)
{
	static const u8 ops[] = { OPCODE_NEG32, OPCODE_NEG64, OPCODE_LE16, OPCODE_BE16, OPCODE_BSWAP16 };
	u32 op = ops[below(g, array_len(ops))];
	add(g, op, any_dst(g), 0, 0, op < 0xd0 ? 0 : 16 << below(g, 3));
}

void unit_number(struct gen *g)
{
	add_number(g, any_dst(g));
}

/* Multiplication and division by constants: each becomes something else in machine code. */
void unit_constant(struct gen *g)
{
	static const u8 codes[] = { MUL, DIV, MOD, DIV, MOD };
	u32 how = draw(g), code = codes[how % array_len(codes)];
	i32 imm = (i32)number(g);
	if (how & 32) /* a power of two, or beside one */
		imm = (i32)((1u << below(g, 32)) + below(g, 3) - 1);
	alu_k(g, code, how & 128, any_dst(g), imm);
	g->insns[g->count - 1].off = code != MUL && how & 64 ? 1 : 0;
}

void unit_shift(struct gen *g)
{
	static const u8 codes[] = { LSH, RSH, ARSH };
	u32 how = draw(g);
	alu_x(g, codes[how % 3], how & 128, any_dst(g), any_src(g));
}

/* A copy of from, the lower half of it by two shifts. */
static u32 add_extension(struct gen *g, u32 from, bool wide)
{
	u32 copy = any_dst(g);
	alu_x(g, MOV, wide, copy, from);
	alu_k(g, LSH, wide, copy, wide ? 32 : 16);
	alu_k(g, RSH, wide, copy, wide ? 32 : 16);
	return copy;
}

/* t = x; t <<= k; u >>= bits - k; u |= t: a rotate, or nearly one. */
void unit_rotate(struct gen *g)
{
	u32 how = draw(g), k = draw(g), t = any_dst(g), u = any_dst(g), x = any_src(g);
	bool wide = how & 1;
	k = k & 64 ? 32 : k & 63;
	u32 left = wide ? k : k & 31, right = (wide ? 64 : 32) - left - (how >> 5 == 7);
	alu_x(g, MOV, how & 2 || wide, t, how & 16 ? x : u);
	if (how & 4) {
		alu_k(g, LSH, wide, t, (i32)left);
		gen_maybe_between(g);
		alu_k(g, RSH, wide, u, (i32)right);
	} else {
		alu_k(g, RSH, wide, t, (i32)right);
		gen_maybe_between(g);
		alu_k(g, LSH, wide, u, (i32)left);
	}
	if (once_in(g, 4))
		t = add_extension(g, t, wide);
	alu_x(g, once_in(g, 4) ? XOR : once_in(g, 4) ? ADD : OR, wide, u, t);
	if (how & 8)
		alu_x(g, MOV, true, any_dst(g), u);
}

/* Extension by two shifts, as compilers without movsx write it. */
void unit_extend(struct gen *g)
{
	static const u8 counts[] = { 32, 32, 48, 56, 16, 24, 31, 33 };
	u32 how = draw(g), dst = any_dst(g), k = counts[how & 7];
	bool wide = k >= 32 || how & 8;
	alu_x(g, MOV, how & 16, dst, any_src(g));
	alu_k(g, LSH, wide, dst, wide ? k : k & 31);
	gen_maybe_between(g);
	alu_k(g, how & 32 ? RSH : ARSH, wide, dst, wide ? k : k & 31);
	if (how & 64)
		add_alu(g, any_dst(g));
}

/* A copy, whole or of the lower half, and something with it. */
void unit_copy(struct gen *g)
{
	u32 how = draw(g), copy = any_dst(g), from = any_src(g);
	alu_x(g, MOV, how & 1, copy, from);
	gen_maybe_between(g);
	add_alu(g, copy);
	if (how & 2)
		alu_x(g, how & 4 ? ADD : SUB, how & 8, any_dst(g), copy);
	if (how & 16)
		add_alu(g, how & 32 ? copy : any_dst(g));
}

/* What can become one lea: constants, registers and shifts added up, with a copy in between. */
void unit_sum(struct gen *g)
{
	u32 how = draw(g), t = any_dst(g);
	if (how & 1)
		alu_k(g, MOV, true, t, how >> 5);
	else
		alu_x(g, MOV, true, t, any_src(g));
	for (u32 steps = 2 + (how >> 1 & 3); steps--;) {
		u32 step = draw(g);
		if (step & 1)
			alu_x(g, ADD, true, t, any_src(g));
		else if (step & 2)
			alu_k(g, LSH, true, t, 1 + (step >> 2 & 3));
		else if (step & 4)
			alu_x(g, MOV, true, any_dst(g), t);
		else
			alu_k(g, step & 8 ? SUB : ADD, true, t, step >> 4);
	}
}

/* q = a / b; q *= b; r = a - q: a remainder, or nearly one. */
void unit_remainder(struct gen *g)
{
	u32 how = draw(g), a = any_src(g), b = any_src(g), q = any_dst(g), r = any_dst(g);
	alu_x(g, MOV, how & 1, q, a);
	alu_x(g, DIV, how & 2, q, b);
	g->insns[g->count - 1].off = how >> 6 == 3;
	gen_maybe_between(g);
	do
		alu_x(g, MUL, how & 4, q, how & 48 ? b : any_src(g));
	while (once_in(g, 4));
	alu_x(g, MOV, how & 1, r, a);
	alu_x(g, SUB, how & 8, r, q);
}

/* ---- units: decisions inside ---- */

/* A jump over one or two instructions. */
void unit_skip(struct gen *g)
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
void unit_choose(struct gen *g)
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
void unit_zero(struct gen *g)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	u32 how = draw(g), dst = any_dst(g);
	if (how & 1)
		alu_x(g, MOV, how & 2, dst, any_src(g));
	if (how & 4)
		alu_x(g, AND, how & 8, dst, any_src(g));
	else
		add_alu(g, dst);
	gen_maybe_between(g);
	add(g, codes[below(g, array_len(codes))] | (how & 16 ? 5 : 6), dst, 0, 1, 0);
	add_alu(g, how & 32 ? dst : any_dst(g));
}
