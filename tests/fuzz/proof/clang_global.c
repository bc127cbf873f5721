// SPDX-License-Identifier: MIT
// Of the generator: functions that are not static, which the verifier walks alone; their prototypes are in
// types.c. And tail calls to other programs, which are tail.c's.
#include "tests/fuzz/proof/clang.h"

/* Keeps an address in the cell that may be passed as a struct pair; often NULL, or what may be, if that is
 * allowed. */
static void keep_pair(bool may_be_null)
{
	i32 v = find_var(VAR_VALUE);
	if (chance(may_be_null ? 4 : 12)) {
		do_unchecked_lookup();
		mov(BPF_R2, BPF_R0);
	} else if (chance(may_be_null ? 4 : 30)) {
		mov_imm(BPF_R2, 0);
	} else if (v >= 0 && g.vars[v].size >= (chance(20) ? 1 : 16) && !chance(4)) {
		get(BPF_R2, (u32)v);
	} else if (g.holds_record && chance(2)) {
		load(BPF_R2, BPF_FP, RECORD, 8);
	} else {
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, chance(20) ? FILL : BUFFER + 8 * (i32)below(7));
	}
	store(BPF_FP, CELL, BPF_R2, 8);
}

static void pass_context(void)
{
	if (chance(30))
		mov(BPF_R1, BPF_FP);
	else
		mov(BPF_R1, BPF_R6);
}

void do_global(void)
{
	enum func kind = FUNC_NUMBERS + below(g.has_context ? 5 : 3);
	if (!can_call() || g.depth > 3)
		return;
	uses(F_global);
	if (!g.buffer_set)
		set_buffer();
	if (kind == FUNC_MEMORY || kind == FUNC_PRESENT || kind == FUNC_MIXED)
		keep_pair(kind == FUNC_MEMORY);
	number(kind == FUNC_MIXED ? BPF_R3 : BPF_R2);
	if (kind == FUNC_NUMBERS) {
		mov(BPF_R1, chance(40) ? BPF_FP : BPF_R2);
	} else if (kind == FUNC_CONTEXT) {
		pass_context();
	} else if (kind == FUNC_MIXED) {
		pass_context();
		load(BPF_R2, BPF_FP, CELL, 8);
		mov_imm(BPF_R4, 0);
		if (chance(2)) {
			mov(BPF_R4, BPF_FP);
			alu(ALU_ADD, true, BPF_R4, BUFFER + 4 * (i32)below(16));
		}
	} else {
		load(BPF_R1, BPF_FP, CELL, 8);
	}
	call_function(kind);
	put(below(VARS), BPF_R0, VAR_NUMBER, 0);
}

/* ORDER GLOBALS */
u32 global_type(enum func kind)
{
	static const u8 types[] = { TYPE_NUMBERS, TYPE_MEMORY, TYPE_PRESENT, TYPE_CONTEXT, TYPE_MIXED };
	return kind >= FUNC_NUMBERS ? types[kind - FUNC_NUMBERS] : 0;
}

/* A struct pair that the function got in reg. */
static void take_pair(u32 reg, bool may_be_null)
{
	if (may_be_null && !chance(12))
		out(jump(JMP_EQ, true, reg, 0));
	put(0, reg, VAR_VALUE, 16);
}

static void use_word(void)
{
	u32 none = chance(12) ? 0 : jump(JMP_EQ, true, BPF_R4, 0);
	touch(BPF_R4, 4 * (i32)chance(20), 4);
	if (none)
		land(none);
}

void function_of_global(enum func kind)
{
	u32 first = kind == FUNC_CONTEXT || kind == FUNC_MIXED;
	if (first)
		mov(BPF_R6, BPF_R1);
	g.has_context = first;
	if (kind != FUNC_NUMBERS && kind != FUNC_CONTEXT)
		take_pair(BPF_R1 + first, kind == FUNC_MEMORY);
	put(1, kind == FUNC_MIXED ? BPF_R3 : BPF_R2, VAR_NUMBER, 0);
	if (kind == FUNC_MIXED)
		use_word();
	if (chance(2))
		do_accumulate();
	statements(1 + below(3));
	if (chance(30))
		mov(BPF_R0, BPF_FP);
	else
		number(BPF_R0);
	leave();
}

/* Goes on in another program, or, if that is not to be, here. */
void do_tail_call(void)
{
	bool can = g.may_tail && ((!g.iters && !g.holds_record) || chance(10));
	if (!can || g.depth > 3)
		return;
	uses(F_tail_call);
	number(BPF_R3);
	if (!chance(8))
		alu(ALU_AND, true, BPF_R3, chance(3) ? 7 : 3);
	mov(BPF_R1, BPF_R6);
	wide(BPF_R2, 1, MAP_PROGS);
	call(BPF_FUNC_tail_call);
}

/* The caller's stack must be small. */
void call_function_of_tail(void)
{
	uses(F_tail_call);
	number(BPF_R2);
	mov(BPF_R1, BPF_R6);
	call_function(chance(4) ? FUNC_CONTEXT : FUNC_TAIL);
	put(below(VARS), BPF_R0, VAR_NUMBER, 0);
}

void function_of_tail(void)
{
	mov(BPF_R6, BPF_R1);
	put(0, BPF_R2, VAR_NUMBER, 0);
	g.has_context = true;
	statements(below(3));
	get(BPF_R3, 0);
	if (!chance(8))
		alu(ALU_AND, true, BPF_R3, 3);
	mov(BPF_R1, BPF_R6);
	wide(BPF_R2, 1, MAP_PROGS);
	call(BPF_FUNC_tail_call);
	number(BPF_R0);
	leave();
}
