// SPDX-License-Identifier: MIT
// Of the generator: what a program holds and must give back.
#include "tests/fuzz/proof/clang.h"

/* Into R0: a record of the ring, or NULL. Returns its size. */
static u32 reserve_record(void)
{
	u32 size = 8 * (1 + below(4));
	if (can_call() && chance(4)) {
		uses(F_passed_record);
		call_function(FUNC_RESERVE);
		return 16;
	}
	wide(BPF_R1, 1, MAP_RING);
	mov_imm(BPF_R2, (i32)size);
	mov_imm(BPF_R3, 0);
	call(BPF_FUNC_ringbuf_reserve);
	return size;
}

/* The record is in the slot. */
static void fill_by_function(void)
{
	bool loops = chance(2);
	uses(F_passed_record);
	number(loops ? BPF_R1 : BPF_R2);
	if (loops) {
		bound(BPF_R1, 4);
		address_of_function(BPF_R2, FUNC_LOOP_FILL);
		mov_imm(BPF_R4, 0);
		mov(BPF_R3, BPF_FP);
		alu(ALU_ADD, true, BPF_R3, RECORD);
		call(BPF_FUNC_loop);
	} else {
		load(BPF_R1, BPF_FP, RECORD, 8);
		call_function(FUNC_FILL);
	}
}

/* The record of that size is in the slot and in R4. */
static void fill_record(u32 size)
{
	u32 part = any_size();
	access(OPCODE_ST64, BPF_R4, 0, (i32)(part * below(size / part + chance(10))), part, some_imm());
	if (!g.has_context)
		return;
	load(BPF_R1, BPF_R6, 8, 8);
	alu(ALU_AND, true, BPF_R1, 7);
	mov(BPF_R2, BPF_R4);
	alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
	access(OPCODE_ST64, BPF_R2, 0, (i32)size - 8 + chance(10), 1, some_imm());
}

/* In one of two ways, unless it is forgotten. */
void give_back(u32 reg)
{
	u32 skip = chance(4) ? jump(JMP_GT, true, BPF_R2, some_imm()) : 0;
	if (reg != BPF_R1)
		mov(BPF_R1, reg);
	mov_imm(BPF_R2, 0);
	if (!chance(30))
		call(BPF_FUNC_ringbuf_submit);
	if (!skip)
		return;
	u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
	land(skip);
	if (reg != BPF_R1)
		mov(BPF_R1, reg);
	mov_imm(BPF_R2, 0);
	if (!chance(10))
		call(BPF_FUNC_ringbuf_discard);
	land(end);
}

/* A record that is reserved, filled and given back, unless something is forgotten. */
void do_record(void)
{
	if (g.holds_record)
		return;
	uses(F_record);
	u32 size = reserve_record(), outs = g.out_count;
	u32 test = chance(20) ? 0 : jump(JMP_EQ, true, BPF_R0, 0);
	g.holds_record = true;
	mov(BPF_R4, BPF_R0);
	store(BPF_FP, RECORD, BPF_R0, 8);
	if (chance(3))
		load(BPF_R4, BPF_FP, RECORD, 8);
	fill_record(size);
	if (can_call() && chance(4))
		fill_by_function();
	if (g.depth < 3 && chance(4)) {
		uses(F_held_record);
		statements(1 + below(2));
	}
	land_outs(outs);
	load(BPF_R1, BPF_FP, RECORD, 8);
	mov_imm(BPF_R2, some_imm());
	if (can_call() && chance(4)) {
		uses(F_passed_record);
		call_function(chance(2) ? FUNC_GIVE : FUNC_GIVE_BELOW);
	} else {
		give_back(BPF_R1);
	}
	if (chance(20)) {
		load(BPF_R1, BPF_FP, RECORD, 8);
		access(OPCODE_ST64, BPF_R1, 0, 0, 4, some_imm());
	}
	if (test)
		land(test);
	g.holds_record = false;
}

/* A record that is copied from memory of any kind. */
void do_output(void)
{
	i32 v = find_var(VAR_VALUE);
	bool on_stack = v < 0 || chance(3);
	u32 room = on_stack ? BUFFER_SIZE : g.vars[v].size;
	uses(F_output);
	if (on_stack && !g.buffer_set)
		set_buffer();
	if (chance(2)) {
		mov_imm(BPF_R3, (i32)(below(room) + 1 + chance(10)));
	} else {
		number(BPF_R3);
		bound(BPF_R3, room);
	}
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, BUFFER);
	if (!on_stack)
		get(BPF_R2, (u32)v);
	if (g.holds_record && chance(3))
		load(BPF_R2, BPF_FP, RECORD, 8);
	wide(BPF_R1, 1, chance(60) ? MAP_ARRAY : MAP_RING);
	mov_imm(BPF_R4, chance(4) ? some_imm() : 0);
	call(BPF_FUNC_ringbuf_output);
	put(below(VARS), BPF_R0, VAR_NUMBER, 0);
}

static void locked_value(u32 slot)
{
	access(OPCODE_ST64, BPF_FP, 0, KEY, 4, (i32)below(2));
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, KEY);
	wide(BPF_R1, 1, MAP_LOCKS);
	call(BPF_FUNC_map_lookup_elem);
	out(jump(JMP_EQ, true, BPF_R0, 0));
	store(BPF_FP, FILL - 8 - 8 * (i32)slot, BPF_R0, 8);
}

static void lock_call(u32 helper, u32 slot)
{
	access(OPCODE_LDX64, BPF_R1, BPF_FP, FILL - 8 - 8 * (i32)slot, 8, 0);
	alu(ALU_ADD, true, BPF_R1, chance(30) ? 8 : 4);
	call(helper);
}

/* The lock of one of two values, which perhaps are the same. */
void do_lock(void)
{
	if (!g.m->is_tracing && !chance(20)) /* others may not use locks */
		return;
	uses(F_lock);
	locked_value(0);
	locked_value(1);
	u32 slot = below(2), skip = 0;
	if (chance(4)) { /* which one is chosen at run time */
		number(BPF_R3);
		access(OPCODE_LDX64, BPF_R1, BPF_FP, FILL - 8, 8, 0);
		u32 test = jump(JMP_GT, true, BPF_R3, some_imm());
		access(OPCODE_LDX64, BPF_R1, BPF_FP, FILL - 16, 8, 0);
		land(test);
		store(BPF_FP, FILL - 8, BPF_R1, 8);
		for (u32 i = below(10); i--;)
			mov_imm(BPF_R3, some_imm());
	}
	lock_call(BPF_FUNC_spin_lock, slot);
	access(OPCODE_LDX64, BPF_R1, BPF_FP, FILL - 8 - 8 * (i32)slot, 8, 0);
	touch(BPF_R1, chance(20) ? 4 : 8, 4);
	if (chance(20))
		number(BPF_R3);
	if (chance(4))
		skip = jump(JMP_GT, true, BPF_R3, some_imm());
	lock_call(BPF_FUNC_spin_unlock, chance(10) ? 1 - slot : slot);
	if (skip) {
		u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
		land(skip);
		if (!chance(10))
			lock_call(BPF_FUNC_spin_unlock, slot);
		land(end);
	}
}
