// SPDX-License-Identifier: MIT
// Of the generator: iterators, and functions that get an iterator or a record of another one.
#include "tests/fuzz/proof/clang.h"

/* The address of an iterator that is open: one of this function's, or the caller's. */
static void any_iter(u32 reg)
{
	if (g.has_iter && (!g.iters || chance(3))) {
		mov(reg, BPF_R6);
		return;
	}
	mov(reg, BPF_FP);
	alu(ALU_ADD, true, reg, g.iters == 2 && chance(2) ? OTHER_ITER : ITER);
}

static void kernel_call(u32 which)
{
	emit(OPCODE_CALL, 0, 2, 0, (i32)g.m->iter_ids[which]);
}

/* R1 is an iterator: the address of its next number, or NULL, is in R0 then. */
static void next_number(void)
{
	if (!can_call() || chance(2)) {
		kernel_call(1);
		return;
	}
	uses(F_passed_iter);
	mov_imm(BPF_R2, some_imm());
	call_function(chance(2) ? FUNC_NEXT : FUNC_NEXT_BELOW);
}

/* The iterator at that place of the stack. */
static void open_iter(i32 at)
{
	bool by_function = can_call() && chance(4);
	u32 end = by_function ? BPF_R2 : BPF_R3;
	number(end);
	bound(end, 1u << below(6));
	if (!by_function)
		mov_imm(BPF_R2, chance(3) ? -2 : 0);
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, at);
	if (by_function)
		call_function(FUNC_OPEN);
	else
		kernel_call(0);
}

static void close_iter(i32 at)
{
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, at);
	if (chance(40))
		return;
	if (can_call() && chance(4))
		call_function(FUNC_CLOSE);
	else
		kernel_call(2);
}

static void loop_body(u32 v)
{
	store(BPF_FP, NUMBER, BPF_R0, 8);
	load(BPF_R1, BPF_R0, 0, 4);
	put(v, BPF_R1, VAR_NUMBER, 0);
	if (chance(2)) {
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, BUFFER);
		put(below(VARS), BPF_R2, VAR_VALUE, BUFFER_SIZE);
		do_accumulate();
	}
	if (chance(2))
		do_step();
	if (chance(4))
		do_iterator();
	statements(1 + below(2));
	if (chance(3))
		do_step();
}

/* Perhaps a way that closes the iterator in the middle of a round; returns the jump away from there. A mistake is to read
 * its number then. */
static u32 leave_loop(i32 at)
{
	if (!chance(4))
		return 0;
	number(BPF_R1);
	u32 stays = jump(chance(2) ? JMP_GT : JMP_LT, true, BPF_R1, some_imm());
	close_iter(at);
	if (chance(3)) {
		load(BPF_R1, BPF_FP, NUMBER, 8);
		load(BPF_R2, BPF_R1, 0, 4);
	}
	u32 away = emit(OPCODE_JA, 0, 0, 0, 0);
	land(stays);
	return away;
}

/* A loop over an iterator of its own; its body may leave it and must close it. */
void do_iterator(void)
{
	i32 at = g.iters ? OTHER_ITER : ITER;
	u32 v = below(VARS);
	struct var before[VARS];
	bool buffer;
	if (g.depth > 2 || !g.m->iter_ids[0] || g.iters == ITERS)
		return;
	uses(g.iters ? F_nested_iter : F_iterator);
	if (!g.buffer_set)
		set_buffer();
	open_iter(at);
	u32 outs = g.out_count;
	g.iters++;
	memcpy(before, g.vars, sizeof(before));
	buffer = g.buffer_set;
	u32 top = g.m->count;
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, at);
	next_number();
	u32 test = jump(JMP_EQ, true, BPF_R0, 0);
	loop_body(v);
	u32 away = leave_loop(at);
	u32 back = emit(OPCODE_JA, 0, 0, 0, 0);
	g.m->insns[back].off = (i16)(top - back - 1);
	land(test);
	land_outs(outs);
	close_iter(at);
	if (away)
		land(away);
	merge(before);
	for (u32 i = 0; i < VARS; i++)
		if (memcmp(&before[i], &g.vars[i], sizeof(before[i])))
			g.vars[i].kind = VAR_NONE;
	g.buffer_set = buffer;
	g.iters--;
}

/* Takes one more number, or several, of an iterator that is open. */
void do_step(void)
{
	if (!g.iters && !g.has_iter)
		return;
	uses(F_step);
	if (can_call() && chance(3)) {
		mov_imm(BPF_R1, 1 + (i32)below(4));
		any_iter(BPF_R3);
		address_of_function(BPF_R2, FUNC_LOOP_NEXT);
		mov_imm(BPF_R4, 0);
		call(BPF_FUNC_loop);
		return;
	}
	any_iter(BPF_R1);
	next_number();
	u32 none = chance(20) ? 0 : jump(JMP_EQ, true, BPF_R0, 0);
	load(BPF_R1, BPF_R0, 0, 4);
	store(BPF_FP, CELL, BPF_R1, 8);
	if (none)
		land(none);
}

static void function_next(enum func kind)
{
	bool loops = kind == FUNC_LOOP_NEXT;
	g.has_iter = true;
	mov(BPF_R6, loops ? BPF_R2 : BPF_R1);
	put(0, loops ? BPF_R1 : BPF_R2, VAR_NUMBER, 0);
	if (chance(3))
		statements(1);
	mov(BPF_R1, BPF_R6);
	if (kind == FUNC_NEXT_BELOW) {
		get(BPF_R2, 0);
		call_function(FUNC_NEXT);
	} else if (loops) {
		next_number();
	} else {
		kernel_call(1);
	}
	if (loops) {
		out(jump(JMP_EQ, true, BPF_R0, 0));
		load(BPF_R1, BPF_R0, 0, 4);
		put(1, BPF_R1, VAR_NUMBER, 0);
		if (chance(3))
			statements(1);
		mov_imm(BPF_R0, (i32)below(2));
	}
	leave();
}

static void function_open(void)
{
	mov(BPF_R3, BPF_R2);
	mov_imm(BPF_R2, 0);
	kernel_call(0);
	mov_imm(BPF_R0, 0);
	leave();
}

static void function_close(void)
{
	kernel_call(2);
	mov_imm(BPF_R0, 0);
	leave();
}

static void function_reserve(void)
{
	if (chance(3))
		statements(1);
	wide(BPF_R1, 1, MAP_RING);
	mov_imm(BPF_R2, 16);
	mov_imm(BPF_R3, 0);
	call(BPF_FUNC_ringbuf_reserve);
	leave();
}

static void function_fill(bool loops)
{
	u32 record = loops ? BPF_R2 : BPF_R1, number = loops ? BPF_R1 : BPF_R2, size = any_size();
	if (loops)
		load(BPF_R2, BPF_R2, 0, 8);
	mov(BPF_R6, record);
	put(0, number, VAR_NUMBER, 0);
	alu(ALU_AND, true, number, 8 - (i32)size + chance(20));
	alu_reg(ALU_ADD, true, record, number);
	access(OPCODE_ST64, record, 0, 0, size, some_imm());
	if (chance(3))
		statements(1);
	access(OPCODE_ST64, BPF_R6, 0, 0, 8, some_imm());
	if (chance(20)) { /* it is the caller's to give back */
		mov(BPF_R1, BPF_R6);
		mov_imm(BPF_R2, 0);
		call(BPF_FUNC_ringbuf_submit);
	}
	mov_imm(BPF_R0, (i32)below(2));
	leave();
}

static void function_give(enum func kind)
{
	if (kind == FUNC_GIVE_BELOW) {
		store(BPF_FP, CELL, BPF_R2, 8);
		if (can_call())
			call_function(FUNC_GIVE);
		else
			give_back(BPF_R1);
	} else {
		give_back(BPF_R1);
	}
	mov_imm(BPF_R0, 0);
	leave();
}

void function_of_held(enum func kind)
{
	switch (kind) {
	case FUNC_OPEN: function_open(); break;
	case FUNC_CLOSE: function_close(); break;
	case FUNC_RESERVE: function_reserve(); break;
	case FUNC_FILL:
	case FUNC_LOOP_FILL: function_fill(kind == FUNC_LOOP_FILL); break;
	case FUNC_GIVE:
	case FUNC_GIVE_BELOW: function_give(kind); break;
	default: function_next(kind);
	}
}
