// SPDX-License-Identifier: MIT
// Of the generator: accesses to memory, and maps.
#include "tests/fuzz/proof/clang.h"

void set_buffer(void)
{
	for (i32 at = 0; at < BUFFER_SIZE; at += 8)
		if (!chance(200))
			access(OPCODE_ST64, BPF_FP, 0, BUFFER + at, 8, some_imm());
	g.buffer_set = true;
}

static void set_key(u32 map)
{
	u32 size = map == MAP_HASH ? 8 : 4;
	if (chance(2)) {
		number(BPF_R1);
		if (chance(2))
			bound(BPF_R1, 4);
		store(BPF_FP, KEY, BPF_R1, size);
	} else if (chance(3)) { /* one of two constants, and more between */
		access(OPCODE_ST64, BPF_FP, 0, KEY, size, (i32)below(3));
		number(BPF_R1);
		u32 test = jump(JMP_GT, true, BPF_R1, some_imm());
		access(OPCODE_ST64, BPF_FP, 0, KEY, size, (i32)below(5));
		land(test);
		for (u32 i = below(10); i--;)
			mov_imm(BPF_R1, some_imm());
	} else {
		access(OPCODE_ST64, BPF_FP, 0, KEY, size, (i32)below(5));
	}
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, KEY);
	wide(BPF_R1, 1, map);
}

static u32 value_size(u32 map)
{
	return map == MAP_HASH ? 48 : map == MAP_DATA ? 64 : 16;
}

void do_lookup(void)
{
	u32 v, map = chance(2) ? MAP_ARRAY : MAP_HASH;
	uses(F_lookup);
	set_key(map);
	call(BPF_FUNC_map_lookup_elem);
	free_var(&v);
	if (chance(2)) {
		put(v, BPF_R0, VAR_VALUE, value_size(map));
		if (!chance(12))
			out(jump(JMP_EQ, true, BPF_R0, 0));
	} else {
		if (!chance(12))
			out(jump(JMP_EQ, true, BPF_R0, 0));
		put(v, BPF_R0, VAR_VALUE, value_size(map));
	}
}

void do_unchecked_lookup(void)
{
	uses(F_lookup);
	set_key(MAP_ARRAY);
	call(BPF_FUNC_map_lookup_elem);
}

void look_up(u32 reg)
{
	store(BPF_FP, KEY, reg, 4);
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, KEY);
	wide(BPF_R1, 1, MAP_ARRAY);
	call(BPF_FUNC_map_lookup_elem);
	u32 none = chance(30) ? 0 : jump(JMP_EQ, true, BPF_R0, 0);
	touch(BPF_R0, 8, 8);
	if (none)
		land(none);
}

void do_data(void)
{
	u32 v, off = 8 * below(8);
	wide(BPF_R1, 2, MAP_DATA | (u64)off << 32);
	free_var(&v);
	put(v, BPF_R1, VAR_VALUE, 64 - off);
}

void do_update(void)
{
	u32 map = chance(2) ? MAP_ARRAY : MAP_HASH;
	uses(F_update);
	for (i32 at = 0; at < (i32)value_size(map); at += 8)
		if (!chance(200))
			access(OPCODE_ST64, BPF_FP, 0, VALUE + at, 8, some_imm());
	set_key(map);
	mov(BPF_R3, BPF_FP);
	alu(ALU_ADD, true, BPF_R3, VALUE);
	mov_imm(BPF_R4, (i32)below(3));
	call(BPF_FUNC_map_update_elem);
}

void do_delete(void)
{
	uses(F_delete);
	set_key(MAP_HASH);
	call(BPF_FUNC_map_delete_elem);
}

static void do_atomic_at(u32 base, i32 off)
{
	static const i32 operations[] = { ATOMIC_ADD,
					  ATOMIC_OR,
					  ATOMIC_AND,
					  ATOMIC_XOR,
					  ATOMIC_ADD | ATOMIC_FETCH,
					  ATOMIC_OR | ATOMIC_FETCH,
					  ATOMIC_XCHG,
					  ATOMIC_CMPXCHG };
	uses(F_atomic);
	mov_imm(BPF_R0, some_imm());
	mov_imm(BPF_R3, some_imm());
	emit(chance(2) ? OPCODE_ATOMIC_ADD64 : OPCODE_ATOMIC_ADD32, base, BPF_R3, off & ~7,
	     operations[below(array_len(operations))]);
}

void touch(u32 base, i32 off, u32 size)
{
	u32 v;
	if (chance(3)) {
		mov_imm(BPF_R3, some_imm());
		store(base, off, BPF_R3, size);
	} else if (chance(4)) {
		access(OPCODE_ST64, base, 0, off, size, some_imm());
	} else {
		load(BPF_R3, base, off, size);
		free_var(&v);
		put(v, BPF_R3, VAR_NUMBER, 0);
	}
}

void do_small_index(void)
{
	i32 v = find_var(VAR_SMALL), to = find_var(VAR_VALUE);
	bool on_stack = to < 0 || chance(3);
	u32 size = any_size(), room = on_stack ? BUFFER_SIZE : g.vars[to].size;
	if (v < 0 || (!chance(20) && g.vars[v].size + size > room))
		return;
	uses(F_index);
	if (on_stack && !g.buffer_set)
		set_buffer();
	if (on_stack)
		size = 1;
	get(BPF_R1, (u32)v);
	if (on_stack) {
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, BUFFER);
	} else {
		get(BPF_R2, (u32)to);
	}
	alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
	u32 most = room - size - (g.vars[v].size < room - size ? g.vars[v].size : room - size);
	touch(BPF_R2, (i32)below(most + 1 + chance(8)), size);
}

/* An access at an index that is bounded right before, or at a constant. */
void do_index(void)
{
	i32 v = find_var(VAR_VALUE);
	bool on_stack = v < 0 || chance(4);
	u32 room = on_stack ? BUFFER_SIZE : g.vars[v].size, size = any_size(), shift = below(4), off;
	uses(F_index);
	if (on_stack && !g.buffer_set)
		set_buffer();
	if (on_stack && shift < (u32)__builtin_ctz(size))
		shift = (u32)__builtin_ctz(size);
	if (room < size)
		return;
	off = size * below(1 + (room - size) / size / 2);
	number(BPF_R1);
	if (!chance(12))
		bound(BPF_R1, (room - size - off) >> shift);
	if (shift && chance(3))
		alu(ALU_MUL, true, BPF_R1, 1 << shift);
	else if (shift)
		alu(ALU_LSH, true, BPF_R1, (i32)shift);
	if (on_stack) {
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, BUFFER);
	} else {
		get(BPF_R2, (u32)v);
	}
	alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
	touch(BPF_R2, (i32)off, size);
}

void do_constant_index(void)
{
	i32 v = find_var(VAR_VALUE);
	u32 size = any_size();
	if (v < 0 || g.vars[v].size < 8)
		return;
	get(BPF_R2, (u32)v);
	u32 off = size * below(g.vars[v].size / size + chance(10));
	if (chance(4))
		do_atomic_at(BPF_R2, (i32)off);
	else
		touch(BPF_R2, (i32)off, size);
}

void do_object(void)
{
	i32 old = find_var(VAR_OBJECT);
	u32 v, size = chance(2) ? 4 : 8;
	uses(F_object);
	if (old >= 0)
		get(BPF_R1, (u32)old);
	else if (g.m->is_tracing && g.has_context)
		load(BPF_R1, BPF_R6, 0, 8);
	else
		call(BPF_FUNC_get_current_task_btf), mov(BPF_R1, BPF_R0);
	free_var(&v);
	if (chance(3)) {
		put(v, BPF_R1, VAR_OBJECT, 0);
		return;
	}
	load(BPF_R2, BPF_R1, (i32)(size * below(24)), size);
	put(v, BPF_R2, VAR_NUMBER, 0);
}

void do_ordered(void)
{
	i32 v = find_var(VAR_VALUE);
	u32 to, size = any_size();
	if (v < 0 || g.vars[v].size < 16)
		return;
	uses(F_ordered);
	get(BPF_R2, (u32)v);
	mov_imm(BPF_R3, some_imm());
	if (chance(2))
		access(OPCODE_ATOMIC_ADD64, BPF_R2, BPF_R3, 8, size, STORE_REL);
	access(OPCODE_ATOMIC_ADD64, BPF_R3, BPF_R2, 8, size, LOAD_ACQ);
	free_var(&to);
	put(to, BPF_R3, VAR_NUMBER, 0);
}

/* A number in memory that grows, perhaps up to a limit. */
void do_accumulate(void)
{
	i32 v = find_var(VAR_VALUE), off = 8 * (i32)below(2);
	if (v < 0 || g.vars[v].size < 16)
		return;
	uses(F_accumulate);
	get(BPF_R2, (u32)v);
	access(OPCODE_LDX64, BPF_R1, BPF_R2, off, 8, 0);
	if (chance(2))
		alu(ALU_ADD, chance(3) ? false : true, BPF_R1, chance(4) ? -1 : 1 << below(4));
	else
		alu(chance(2) ? ALU_LSH : ALU_SUB, true, BPF_R1, 1);
	u32 limit = below(20), over = 0;
	bool tests = !chance(3);
	if (tests)
		over = jump(chance(2)   ? JMP_GT
			    : chance(2) ? JMP_SGT
					: JMP_EQ,
			    !chance(4), BPF_R1, (i32)limit);
	store(BPF_R2, off, BPF_R1, 8);
	if (tests)
		land(over);
}
