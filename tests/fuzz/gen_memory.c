// SPDX-License-Identifier: MIT
// Units that load and store: at R6, on the stack, in a map, at sums of registers, and where no memory is.
#include "tests/fuzz/gen_parts.h"

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
	static const u8 ops[] = { OPCODE_LDX32,  OPCODE_LDX16,  OPCODE_LDX8,  OPCODE_LDX64,
				  OPCODE_LDXS32, OPCODE_LDXS16, OPCODE_LDXS8, OPCODE_LDX64 };
	add(g, ops[draw(g) & 7], dst, p.base, p.off, 0);
}

static void add_store(struct gen *g, struct place p, u32 src)
{
	static const u8 ops[] = { OPCODE_STX32, OPCODE_STX16, OPCODE_STX8, OPCODE_STX64 };
	add(g, ops[draw(g) & 3], p.base, src, p.off, 0);
}

/* Somewhere aligned, unless the program may split cache lines. */
void gen_atomic(struct gen *g, struct place p)
{
	static const i32 ops[] = {
		ATOMIC_ADD,
		ATOMIC_OR,
		ATOMIC_AND,
		ATOMIC_XOR,
		ATOMIC_ADD | ATOMIC_FETCH,
		ATOMIC_OR | ATOMIC_FETCH,
		ATOMIC_AND | ATOMIC_FETCH,
		ATOMIC_XOR | ATOMIC_FETCH,
		ATOMIC_XCHG,
		ATOMIC_CMPXCHG,
		ATOMIC_CMPXCHG,
	};
	u32 how = draw(g);
	i32 op = ops[how % array_len(ops)];
	if (p.base == 6 || p.base == BPF_FP)
		p.off &= -8;
	else if (!g->may_split_lines)
		p = (struct place){ 6, 8 * (i32)below(g, GEN_DATA / 8) };
	/* The register is written, too, if the old value is asked for. */
	add(g, how & 128 ? OPCODE_ATOMIC_ADD64 : OPCODE_ATOMIC_ADD32, p.base,
	    op & ATOMIC_FETCH && op != ATOMIC_CMPXCHG ? any_dst(g) : any_src(g), p.off, op);
}

bool gen_access(struct gen *g, struct place p, u32 t)
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
		gen_atomic(g, p);
	return how == 3 || how == 4 ||
	       (how == 7 && t == BPF_R0 && g->insns[g->count - 1].imm == 0xf1); /* what was there is in R0 */
}

void unit_access(struct gen *g)
{
	struct place p = any_place(g);
	gen_access(g, p, any_dst(g));
}

void unit_atomic(struct gen *g)
{
	struct place p = any_place(g);
	if (once_in(g, 3)) /* so that cmpxchg finds what it looks for */
		add(g, 0x79, BPF_R0, p.base, p.off, 0);
	gen_atomic(g, p);
}

/* A load, something with it, and perhaps a store to the same place. */
void unit_operand(struct gen *g)
{
	u32 how = draw(g), t = any_dst(g), dst = any_dst(g);
	struct place p = any_place(g);
	add_load(g, p, t);
	gen_maybe_between(g);
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
void unit_neighbours(struct gen *g)
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
	if (how & 64 && shift) { /* 2^31 more after the shift, and back */
		alu_k(g, ADD, true, idx, 1 << (31 - shift));
		alu_k(g, LSH, true, idx, (i32)shift);
		alu_k(g, ADD, true, idx, -0x7fffffff - 1);
	} else if (how & 16 && shift && !bias) {
		alu_k(g, LSH, false, idx, (i32)shift);
	} else if (shift) {
		alu_k(g, how & 32 ? LSH : MUL, true, idx, how & 32 ? (i32)shift : 1 << shift);
	}
	return bias << shift;
}

/* t += c, in one step or by a way round, that may be further than 32 bits can say. */
static void add_sum(struct gen *g, u32 t, i32 c)
{
	static const i32 far[] = { 0x70000000, -0x70000000, 0x8000, -0x8000, 0x7ff0, 100, -100, 8 };
	u32 how = draw(g), steps = how >> 4 & 3;
	i32 step = far[how >> 1 & 7];
	if (!(how & 1))
		steps = 0;
	for (u32 i = 0; i < steps; i++)
		alu_k(g, ADD, true, t, step);
	if (how & 64)
		alu_k(g, ADD, true, t, c);
	for (u32 i = 0; i < steps; i++)
		alu_k(g, SUB, true, t, step);
	if (!(how & 64))
		alu_k(g, SUB, true, t, -c);
}

/* t = base + (index << shift) + c; an access at it. What t then holds tells nothing of the base. */
void unit_address(struct gen *g)
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
	if (!gen_access(g, (struct place){ t, off }, t))
		alu_x(g, SUB, true, t, base);
	g->pointers &= ~(1u << t);
}

/* An address in a register, stored where it leads to; loaded through another register, which the compiler
 * cannot know to be the same, and made a number. */
void unit_own_address(struct gen *g)
{
	u32 how = draw(g), t = any_dst(g), k = reg(g, g->pointers | g->counters | 1u << t), x = any_src(g);
	i32 off = (i32)below(g, GEN_DATA - 16), mask = how & 1 ? 7 : 3;
	alu_x(g, MOV, true, k, x);
	alu_k(g, AND, true, k, mask);
	alu_x(g, MOV, true, t, x);
	alu_k(g, AND, true, t, mask);
	alu_x(g, ADD, true, t, 6);
	alu_x(g, ADD, true, k, 6);
	bool is_atomic = how & 2 && g->may_split_lines;
	add(g, is_atomic ? 0xdb : 0x7b, t, t, off, is_atomic ? 0xe1 : 0);
	add(g, 0x79, t, k, off, 0);
	alu_x(g, SUB, true, t, k);
	add(g, 0x7b, k, t, off, 0);
	alu_x(g, SUB, true, k, 6);
}

/* So far from the stack that no memory is mapped. */
static void add_far_from_stack(struct gen *g, u32 t)
{
	alu_x(g, MOV, true, t, BPF_FP);
	alu_k(g, ADD, true, t, once_in(g, 2) ? 0x60000000 : -0x60000000);
}

/* An access where no memory is: a load reads 0, a store does nothing. */
void unit_nowhere(struct gen *g)
{
	static const u64 nowhere[] = { 0, 8, 1ull << 63, ~0ull << 48, 0x123400000000 };
	u32 how = draw(g), t = any_dst(g), idx = reg(g, g->pointers | g->counters | 1u << t);
	if (how & 1)
		add_index(g, idx, 7, how >> 1 & 3);
	bool is_far = how & 8 && !g->tail_calls_below;
	if (is_far)
		add_far_from_stack(g, t);
	else
		add_imm64(g, t, nowhere[below(g, array_len(nowhere))]);
	if (how & 1)
		alu_x(g, ADD, true, t, idx);
	g->pointers |= 1u << t;
	gen_access(g, (struct place){ t, (i32)below(g, 64) }, any_dst(g));
	g->pointers &= ~(1u << t);
	if (is_far)
		add_number(g, t);
}

/* Somewhere in the array, whose address is a constant. */
void unit_value(struct gen *g)
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
	if (!gen_access(g, (struct place){ t, (i32)below(g, 8) }, t))
		add_number(g, t);
	g->pointers &= ~(1u << t);
}
