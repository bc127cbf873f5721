// SPDX-License-Identifier: MIT
// Of the generator: what a program holds and must give back.
#include "tests/fuzz/proof/clang.h"

/* A record of the ring: reserved, filled and given back, unless something is forgotten. */
void do_record(void)
{
	u32 size = 8 * (1 + below(4)), part = any_size();
	uses(F_record);
	wide(BPF_R1, 1, MAP_RING);
	mov_imm(BPF_R2, (i32)size);
	mov_imm(BPF_R3, 0);
	call(BPF_FUNC_ringbuf_reserve);
	u32 test = chance(20) ? 0 : jump(JMP_EQ, true, BPF_R0, 0);
	mov(BPF_R4, BPF_R0);
	if (chance(3)) {
		store(BPF_FP, CELL, BPF_R0, 8);
		access(OPCODE_LDX64, BPF_R4, BPF_FP, CELL, 8, 0);
	}
	access(OPCODE_ST64, BPF_R4, 0, (i32)(part * below(size / part + chance(10))), part, some_imm());
	if (g.has_context) {
		load(BPF_R1, BPF_R6, 8, 8);
		alu(ALU_AND, true, BPF_R1, 7);
		mov(BPF_R2, BPF_R4);
		alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
		access(OPCODE_ST64, BPF_R2, 0, (i32)size - 8 + chance(10), 1, some_imm());
	}
	u32 skip = chance(4) ? jump(JMP_GT, true, BPF_R1, 3) : 0;
	mov(BPF_R1, BPF_R4);
	mov_imm(BPF_R2, 0);
	if (!chance(30))
		call(BPF_FUNC_ringbuf_submit);
	if (skip) {
		u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
		land(skip);
		mov(BPF_R1, BPF_R4);
		mov_imm(BPF_R2, 0);
		if (!chance(10))
			call(BPF_FUNC_ringbuf_discard);
		land(end);
	}
	if (test)
		land(test);
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
