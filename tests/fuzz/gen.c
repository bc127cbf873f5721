// SPDX-License-Identifier: MIT
// Makes whole programs from bytes. See gen_parts.h.
#include "tests/fuzz/gen_parts.h"
#include "kernel/cpu/panic.h"

/* ---- units: jumps and loops ---- */

void unit_jump(struct gen *g)
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

void gen_set_distance(struct gen *g, u32 insn)
{
	i32 distance = (i32)(g->count - insn - 1);
	if (g->insns[insn].op == OPCODE_JA32)
		g->insns[insn].imm = distance;
	else
		g->insns[insn].off = (i16)distance;
}

void gen_bind_jumps(struct gen *g, bool between)
{
	u32 kept = 0;
	for (u32 i = 0; i < g->jump_count; i++) {
		bool arrives = between && g->jumps[i].unit <= g->units && g->jumps[i].depth == g->depth;
		if (arrives || g->jumps[i].depth > g->depth)
			gen_set_distance(g, g->jumps[i].insn);
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
	u32 drawn = below(g, 16); /* min evaluates its arguments twice */
	l->count = 1 + min(drawn, limit / g->weight - 1);
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
	assert(g->weight <= limit);
}

/* The part of a loop that leads back to its head. */
static void add_back_jump(struct gen *g, const struct loop *l)
{
	u32 class = l->wide ? 5 : 6, counter = l->counter;
	if (l->kind == TEST_FIRST) {
		alu_k(g, SUB, l->wide, counter, 1);
		add(g, 0x05, 0, 0, (i32)(l->head - g->count) - 1, 0);
		gen_set_distance(g, l->head);
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
	gen_bind_jumps(g, false);
	if (l->pointer) {
		alu_x(g, SUB, true, l->pointer, 6);
		g->pointers &= ~(1u << l->pointer);
	}
	g->weight = l->weight;
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
	gen_bind_jumps(g, true);
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
	{ unit_remainder, true }, { unit_sum, true }, { unit_skip, true }, { unit_skip, true }, { unit_choose, true },
	{ unit_zero, true }, { unit_zero, true }, { unit_access, true }, { unit_access, true },
	{ unit_atomic, true }, { unit_operand, true }, { unit_operand, true }, { unit_neighbours, true },
	{ unit_address, false }, { unit_address, false }, { unit_address, false }, { unit_value, false },
	{ unit_nowhere, false }, { unit_own_address, false }, { unit_lookup, false }, { unit_update, false },
	{ unit_jump, false }, { unit_jump, false }, { unit_loop, false }, { unit_loop, false }, { unit_loop_end, false },
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
		gen_bind_jumps(&g, true);
		add_unit(&g);
	}
	end_function(&g);
	gen_bind_calls(&g);
	return g.count;
}
