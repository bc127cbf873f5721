// SPDX-License-Identifier: MIT
// Of the generator: variables, numbers and what bounds them.
#include "tests/fuzz/proof/clang.h"

void get(u32 reg, u32 v)
{
	if (v < SAVED)
		mov(reg, BPF_R7 + v);
	else
		load(reg, BPF_FP, -8 * (i32)(v - SAVED + 1), 8);
}

/* A fill of eight bytes must not extend a sign. */
void put(u32 v, u32 reg, enum var_kind kind, u32 size)
{
	if (v < SAVED) {
		mov(BPF_R7 + v, reg);
	} else {
		uses(F_spill);
		store(BPF_FP, -8 * (i32)(v - SAVED + 1), reg, 8);
	}
	g.vars[v] = (struct var){ kind, size };
}

i32 find_var(enum var_kind kind)
{
	u32 first = below(VARS);
	for (u32 i = 0; i < VARS; i++)
		if (g.vars[(first + i) % VARS].kind == kind)
			return (i32)((first + i) % VARS);
	return -1;
}

i32 some_imm(void)
{
	static const i32 imms[] = { 0,  1,   -1, 2,   7,      8,      15,         16,
				    31, 63,  64, 255, 256,    4095,   0x7fffffff, (i32)0x80000000,
				    -8, -16, 3,  48,  0xffff, 0x10000 };
	return chance(3) ? (i32)random_next(&g.random) : imms[below(array_len(imms))];
}

/* A number that nobody knows, in reg. */
void number(u32 reg)
{
	i32 v = find_var(VAR_NUMBER);
	if (g.buffer_set && chance(5)) {
		load(reg, BPF_FP, BUFFER + 8 * (i32)below(BUFFER_SIZE / 8), 8);
	} else if (v >= 0 && !chance(3)) {
		get(reg, (u32)v);
	} else if (g.has_context && !chance(3)) {
		uses(F_load_context);
		if (g.m->is_tracing)
			load(reg, BPF_R6, 8, chance(3) ? 4 : 8);
		else
			load(reg, BPF_R6, 8 * (i32)below(g.m->context + chance(8)),
			     chance(3) ? any_size() : 8);
	} else if (chance(2)) {
		static const u32 helpers[] = { BPF_FUNC_get_prandom_u32, BPF_FUNC_ktime_get_ns,
					       BPF_FUNC_get_current_pid_tgid };
		call(helpers[below(3)]);
		if (reg)
			mov(reg, BPF_R0);
	} else {
		mov_imm(reg, some_imm());
	}
}

/* A jump to the end if the copy of a number is too large. */
static void bound_copy(u32 reg, i32 most)
{
	u32 copy = reg == BPF_R5 ? BPF_R4 : BPF_R5;
	mov(copy, reg);
	out(jump(JMP_GT, true, copy, most));
	if (chance(2))
		mov(reg, copy);
}

static void bound_signed(u32 reg, i32 most, bool is_wide)
{
	bool first = chance(2);
	if (!is_wide && chance(2))
		emit(OPCODE_MOV32_X, reg, reg, 0, 0);
	if (first)
		out(jump(JMP_SLT, is_wide, reg, 0));
	out(jump(JMP_SGT, is_wide, reg, most));
	if (!first)
		out(jump(JMP_SLE, is_wide, reg, -1));
	if (!is_wide)
		emit(OPCODE_MOV32_X, reg, reg, 0, 0);
}

static void bound_clamp(u32 reg, i32 most)
{
	u32 over = chance(2) ? jump(JMP_LE, true, reg, most) : jump(JMP_LT, true, reg, most + 1);
	mov_imm(reg, most);
	land(over);
}

static void bound_reg(u32 reg, i32 most)
{
	u32 other = reg == BPF_R5 ? BPF_R4 : BPF_R5;
	mov_imm(other, most);
	out(chance(2) ? jump_reg(JMP_LT, true, other, reg) : jump_reg(JMP_GT, true, reg, other));
}

/* The number in reg becomes 0 to most. */
void bound(u32 reg, u32 limit)
{
	i32 most = (i32)limit + (chance(8) ? 1 : 0), mask = 0;
	while (2 * mask + 1 <= most)
		mask = 2 * mask + 1;
	switch (below(12)) {
	case 0: alu(ALU_AND, true, reg, mask); break;
	case 1: alu(ALU_AND, false, reg, mask); break;
	case 2: out(jump(JMP_GT, true, reg, most)); break;
	case 3:
		out(jump(JMP_GT, false, reg, most));
		emit(OPCODE_MOV32_X, reg, reg, 0, 0);
		break;
	case 4: bound_signed(reg, most, true); break;
	case 5: bound_signed(reg, most, false); break;
	case 6: alu(ALU_MOD, chance(2), reg, most + 1); break;
	case 7: alu(ALU_RSH, true, reg, 64 - __builtin_popcount((u32)mask) - (mask == 0)); break;
	case 8: bound_copy(reg, most); break;
	case 9: bound_clamp(reg, most); break;
	case 10: bound_reg(reg, most); break;
	default: out(jump(JMP_GE, true, reg, most + 1)); break;
	}
}

void free_var(u32 *v)
{
	*v = below(VARS);
}

void do_number(void)
{
	u32 v;
	number(BPF_R1);
	free_var(&v);
	put(v, BPF_R1, VAR_NUMBER, 0);
}

void do_arithmetic(void)
{
	static const u8 operations[] = { ALU_ADD, ALU_SUB, ALU_MUL, ALU_DIV, ALU_OR,  ALU_AND,
					 ALU_LSH, ALU_RSH, ALU_MOD, ALU_XOR, ALU_ARSH };
	u32 v, count = 1 + below(3);
	uses(F_arithmetic);
	number(BPF_R1);
	mov(BPF_R3, BPF_R1);
	number(BPF_R2);
	if (g.m->insns[g.m->count - 2].op == OPCODE_CALL || g.m->insns[g.m->count - 1].op == OPCODE_CALL)
		mov(BPF_R1, BPF_R0);
	else
		mov(BPF_R1, BPF_R3);
	while (count--) {
		u32 operation = operations[below(array_len(operations))];
		bool is_wide = !chance(3),
		     shifts = operation == ALU_LSH || operation == ALU_RSH || operation == ALU_ARSH;
		i32 imm = shifts ? (i32)below(is_wide ? 64 : 32) : some_imm();
		if ((operation == ALU_DIV || operation == ALU_MOD) && !imm)
			imm = 3;
		u32 at = g.m->count;
		if (chance(2))
			alu(operation, is_wide, BPF_R1, imm);
		else
			alu_reg(operation, is_wide, BPF_R1, BPF_R2);
		if ((operation == ALU_DIV || operation == ALU_MOD) && chance(3))
			g.m->insns[at].off = 1;
	}
	if (chance(6)) {
		uses(F_swap);
		emit(chance(2) ? OPCODE_BE16 : OPCODE_BSWAP16, BPF_R1, 0, 0, 16 << below(3));
	}
	if (chance(5)) {
		uses(F_extend);
		emit(chance(2) ? OPCODE_MOVSX64_8 : OPCODE_MOVSX32_8, BPF_R1, BPF_R1, 8 << below(2), 0);
	}
	if (chance(8))
		emit(chance(2) ? OPCODE_NEG64 : OPCODE_NEG32, BPF_R1, 0, 0, 0);
	free_var(&v);
	put(v, BPF_R1, VAR_NUMBER, 0);
}

/* A number goes to the stack in one size and comes back in another. */
void do_narrow(void)
{
	u32 v, size = any_size();
	i32 part = size < 8 && chance(3) ? (i32)(size * below(8 / size)) : 0;
	uses(F_spill);
	number(BPF_R1);
	if (chance(2))
		bound(BPF_R1, 1u << below(20));
	store(BPF_FP, CELL, BPF_R1, 8);
	if (chance(3))
		store(BPF_FP, CELL + part, BPF_R1, size);
	load(BPF_R1, BPF_FP, CELL + part, size);
	free_var(&v);
	put(v, BPF_R1, VAR_NUMBER, 0);
}

/* A number is bounded in a register, in its slot, or in a part of that; then another part of it is an index. */
void do_reload(void)
{
	i32 v = find_var(VAR_VALUE);
	u32 room = v < 0 ? BUFFER_SIZE : g.vars[v].size, sizes[2] = { any_size(), any_size() };
	bool before = chance(2), again = chance(3);
	if (!before && !chance(4))
		sizes[1] = sizes[0];
	uses(F_reload);
	if (!g.buffer_set)
		set_buffer();
	number(BPF_R1);
	if (before)
		bound(BPF_R1, room - 1);
	store(BPF_FP, CELL, BPF_R1, 8);
	if (again)
		store(BPF_FP, CELL, BPF_R1, sizes[0]);
	if (!before) {
		if (!chance(3))
			load(BPF_R1, BPF_FP, CELL, sizes[0]);
		out(jump(JMP_GT, !chance(4), BPF_R1, (i32)room - 1 + chance(8)));
	}
	load(BPF_R1, BPF_FP, CELL, again ? sizes[0] : sizes[1]);
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, BUFFER);
	if (v >= 0)
		get(BPF_R2, (u32)v);
	alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
	touch(BPF_R2, 0, 1);
}

/* Into eight bytes of the stack: at byte at, size bytes of variable v; constants around it. */
static void store_part(u32 v, u32 at, u32 size)
{
	if (size < 8)
		access(OPCODE_ST64, BPF_FP, 0, OUT, 8, chance(3) ? some_imm() : 0);
	get(BPF_R1, v);
	store(BPF_FP, OUT + (i32)at, BPF_R1, size);
}

/* On two ways, copies of a number lie at the same place or at two; then one of them is tested, and the number is used. */
void do_parts(void)
{
	u32 v = below(VARS), sizes[2] = { any_size(), any_size() }, at[2], which = below(2);
	if (chance(2))
		sizes[1] = sizes[0];
	for (u32 i = 0; i < 2; i++)
		at[i] = sizes[i] * below(8 / sizes[i]);
	if (!chance(3) && sizes[0] == sizes[1])
		at[1] = at[0];
	uses(F_parts);
	number(BPF_R1);
	alu(ALU_AND, sizes[which] > 4, BPF_R1, sizes[which] < 4 ? (1 << 8 * sizes[which]) - 1 : -1);
	put(v, BPF_R1, VAR_NUMBER, 0);
	u32 test = part_ways();
	store_part(v, at[0], sizes[0]);
	u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
	land(test);
	store_part(v, at[1], sizes[1]);
	land(end);
	load(BPF_R1, BPF_FP, OUT + (i32)at[which], sizes[which]);
	out(jump(JMP_GT, !chance(3), BPF_R1, MOST));
	if (at[0] == at[1] ? !chance(3) : chance(3))
		get(BPF_R1, v);
	if (chance(2)) /* else what takes the stack's address may read it */
		access(OPCODE_ST64, BPF_FP, 0, OUT, 8, 0);
	use_number();
}

/* Writes eight bytes of the stack, in parts; one of them may be another number, or is left out. */
static void write_parts(u32 size, i32 imm, bool may_differ)
{
	u32 other = may_differ ? below(8 / size) : 8;
	for (u32 i = 0; i < 8 / size; i++)
		if (i != other || chance(2))
			access(OPCODE_ST64, BPF_FP, 0, OUT + (i32)(i * size), size,
			       i == other ? some_imm() : imm);
}

/* On two ways bytes are written, or are zeros; the load relies on it. */
void do_zeros(void)
{
	u32 size = 1u << below(3), other = chance(4) ? 1u << below(3) : size,
	    read = chance(2) ? 8 : any_size();
	i32 imm = chance(2) ? some_imm() : 0;
	uses(F_zeros);
	u32 test = part_ways();
	write_parts(size, imm, chance(5));
	u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
	land(test);
	write_parts(other, imm, chance(5));
	land(end);
	load(BPF_R1, BPF_FP, OUT + (i32)(read * below(8 / read)), read);
	if (imm || chance(3))
		bound(BPF_R1, MOST);
	use_number();
}

static void any_address(u32 reg)
{
	i32 v = find_var(chance(3) ? VAR_OBJECT : VAR_VALUE);
	if (v >= 0 && !chance(3))
		get(reg, (u32)v);
	else if (g.has_context && chance(2))
		mov(reg, BPF_R6);
	else
		wide(reg, chance(2) ? 1 : 2, MAP_DATA);
}

/* What is left of an address, of which the program knows nothing but how large it can be. */
void do_distance(void)
{
	uses(F_distance);
	any_address(BPF_R1);
	any_address(BPF_R2);
	switch (below(6)) {
	case 0: emit(OPCODE_MOV32_X, BPF_R1, BPF_R1, 0, 0); break;
	case 1:
		emit(chance(2) ? OPCODE_MOVSX64_8 : OPCODE_MOVSX32_8, BPF_R1, BPF_R2, 8 << below(2), 0);
		break;
	case 2: emit(chance(2) ? OPCODE_BE16 : OPCODE_BSWAP16, BPF_R1, 0, 0, 16 << below(3)); break;
	case 3: emit(chance(2) ? OPCODE_NEG64 : OPCODE_NEG32, BPF_R1, 0, 0, 0); break;
	case 4: alu_reg(ALU_SUB, true, BPF_R1, BPF_R2); break;
	default: alu_reg(ALU_SUB, false, BPF_R1, BPF_R2);
	}
	put(below(VARS), BPF_R1, VAR_NUMBER, 0);
	bound(BPF_R1, MOST);
	use_number();
}

/* A number that is bounded now and used later. */
void do_bounded(void)
{
	static const u32 limits[] = { 1, 3, 7, 8, 12, 15, 24, 31, 40, 63 };
	u32 v, limit = limits[below(array_len(limits))];
	uses(F_bounded);
	number(BPF_R1);
	bound(BPF_R1, limit);
	free_var(&v);
	put(v, BPF_R1, VAR_SMALL, limit);
	if (chance(3)) {
		alu(ALU_ADD, chance(2), BPF_R1, 1 + (i32)below(3));
		put(v, BPF_R1, VAR_SMALL, limit + 3);
	}
}
