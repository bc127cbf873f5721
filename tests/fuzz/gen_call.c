// SPDX-License-Identifier: MIT
// Units that call: helpers, functions in every way, the program itself.
#include "tests/fuzz/gen_parts.h"

/* Whether no loop needs a register that a call changes, and a register that it keeps is free. */
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
void unit_lookup(struct gen *g)
{
	if (!can_call(g) || g->tail_calls_below)
		return;
	add_key(g);
	add_map(g, BPF_R1, once_in(g, 4) ? GEN_HASH : GEN_ARRAY);
	add(g, 0x85, 0, 0, 0, 1);
	u32 at = g->count;
	add(g, JEQ | 5, BPF_R0, 0, 0, 0);
	g->pointers |= 0x3f;
	gen_access(g, (struct place){ BPF_R0, 0 }, reg(g, g->pointers | g->counters));
	g->pointers &= ~0x3fu;
	gen_set_distance(g, at);
	add_number(g, BPF_R0);
	add_arguments_again(g);
}

void unit_update(struct gen *g)
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
	static const u8 helpers[] = { 5, 8, 14, 42 };
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

void unit_call(struct gen *g)
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
void unit_tail_call(struct gen *g)
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

/* A callback(index, memory) that calls a function of ours and goes on if that returns an even number. */
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

void gen_bind_calls(struct gen *g)
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
