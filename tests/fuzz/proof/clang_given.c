// SPDX-License-Identifier: MIT
// Of the generator: functions that return a number or an address, or store it in their caller's stack. The two ways
// through such a function yield different ones, and the caller uses what it gets as an index or a size.
#include "tests/fuzz/proof/clang.h"

/* So that the walk keeps the state where the next two ways meet. */
static void pad(void)
{
	for (u32 i = below(10); i--;)
		mov_imm(BPF_R0, some_imm());
}

/* Into R3. */
static void one_number(void)
{
	if (chance(3)) {
		number(BPF_R3);
		bound(BPF_R3, MOST);
	} else {
		mov_imm(BPF_R3, chance(16) ? 1 << (3 + below(16)) : (i32)below(MOST + 1));
	}
}

u32 part_ways(void)
{
	static const u8 tests[] = { JMP_EQ, JMP_GT, JMP_SET, JMP_NE, JMP_SGT, JMP_LT, JMP_SLE };
	number(BPF_R2);
	pad();
	return jump(tests[below(array_len(tests))], !chance(3), BPF_R2, some_imm());
}

/* Into R3, and to where R6 leads unless in_register: one of two numbers. */
static void give_number(bool in_register)
{
	u32 size = chance(4) ? any_size() : 8;
	bool twice = chance(3) && !in_register;
	u32 test = part_ways();
	one_number();
	if (twice)
		store(BPF_R6, 0, BPF_R3, size);
	u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
	land(test);
	if (!chance(6))
		one_number();
	else
		mov_imm(BPF_R3, 0);
	if (twice)
		store(BPF_R6, 0, BPF_R3, size);
	land(end);
	if (!twice && !in_register)
		store(BPF_R6, 0, BPF_R3, size);
}

static void index_by(u32 reg)
{
	i32 v = find_var(VAR_VALUE);
	bool on_stack = !g.is_small && (v < 0 || g.vars[v].size < 16 || chance(3));
	if (g.is_small) {
		wide(BPF_R2, 2, MAP_DATA);
	} else if (on_stack) {
		alu(ALU_LSH, true, reg, 3);
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, BUFFER);
	} else {
		get(BPF_R2, (u32)v);
	}
	alu_reg(ALU_ADD, true, BPF_R2, reg);
	touch(BPF_R2, 0, on_stack ? 8 : 1);
}

/* The buffer is set. */
static void write_as_many(u32 reg)
{
	mov(BPF_R2, reg);
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, BUFFER + BUFFER_SIZE - MOST);
	mov_imm(BPF_R3, 0);
	call(BPF_FUNC_probe_read_kernel);
}

/* What the number decides is known of all that the function can give. */
static void decide_by(u32 reg)
{
	u32 v = below(SAVED), over = jump(chance(2) ? JMP_LE : JMP_SLE, true, reg, MOST);
	mov_imm(BPF_R3, 1 << 20);
	put(v, BPF_R3, VAR_NUMBER, 0);
	index_by(BPF_R3);
	land(over);
	g.vars[v].kind = VAR_NONE;
}

void use_number(void)
{
	if (!g.buffer_set && !g.is_small)
		set_buffer();
	switch (g.is_small ? 3 : below(6)) {
	case 0: write_as_many(BPF_R1); break;
	case 1: decide_by(BPF_R1); break;
	case 2: look_up(BPF_R1); break;
	default: index_by(BPF_R1);
	}
}

/* In the stack: a slot of its own, or a variable. */
static i32 place_of(u32 v)
{
	return v < SAVED ? OUT : -8 * (i32)(v - SAVED + 1);
}

static void address_of_place(u32 reg, u32 v)
{
	mov(reg, BPF_FP);
	alu(ALU_ADD, true, reg, place_of(v));
}

/* A function stores a number in this one's stack. */
void do_out(void)
{
	static const enum func kinds[] = { FUNC_SET, FUNC_SET, FUNC_SET_BELOW, FUNC_LOOP_SET };
	enum func kind = kinds[below(array_len(kinds))];
	u32 v = below(VARS);
	if (!can_call() || g.depth > 3)
		return;
	uses(F_given_number);
	if (kind == FUNC_LOOP_SET) {
		mov_imm(BPF_R1, 1 + (i32)below(3));
		address_of_function(BPF_R2, kind);
		address_of_place(BPF_R3, v);
		mov_imm(BPF_R4, 0);
	} else {
		number(BPF_R2);
		address_of_place(BPF_R1, v);
	}
	access(OPCODE_ST64, BPF_FP, 0, place_of(v), 8, (i32)below(MOST + 1));
	if (kind == FUNC_LOOP_SET)
		call(BPF_FUNC_loop);
	else
		call_function(kind);
	load(BPF_R1, BPF_FP, place_of(v), 8);
	if (v >= SAVED)
		g.vars[v] = (struct var){ VAR_SMALL, MOST };
	use_number();
}

/* A function returns one of two numbers. */
void do_chosen(void)
{
	if (!can_call() || g.depth > 3)
		return;
	uses(F_returned_number);
	number(BPF_R2);
	call_function(FUNC_CHOOSE);
	mov(BPF_R1, BPF_R0);
	put(below(VARS), BPF_R1, VAR_SMALL, MOST);
	use_number();
}

/* Relies on the address in R1, which a function has given, or 0. */
static void use_address(void)
{
	if (!chance(20))
		out(jump(JMP_EQ, true, BPF_R1, 0));
	touch(BPF_R1, chance(2) ? 0 : 8, any_size());
	put(below(VARS), BPF_R1, VAR_VALUE, 16);
}

/* A function stores an address in this one's stack. */
void do_pointer(void)
{
	u32 v = below(VARS);
	if (!can_call() || g.depth > 3)
		return;
	uses(F_given_address);
	access(OPCODE_ST64, BPF_FP, 0, place_of(v), 8, 0);
	address_of_place(BPF_R1, v);
	call_function(chance(3) ? FUNC_LEAD_BELOW : FUNC_LEAD);
	load(BPF_R1, BPF_FP, place_of(v), 8);
	if (v >= SAVED)
		g.vars[v].kind = VAR_NONE;
	use_address();
}

/* The callback of bpf_for_each_map_elem keeps the address of an element, or of its key, in this one's stack. */
void do_keep(void)
{
	u32 v = below(VARS), map = chance(2) ? MAP_HASH : MAP_ARRAY;
	if (!can_call() || g.depth > 3)
		return;
	uses(F_kept_element);
	access(OPCODE_ST64, BPF_FP, 0, place_of(v), 8, 0);
	wide(BPF_R1, 1, map);
	address_of_function(BPF_R2, FUNC_KEEP);
	address_of_place(BPF_R3, v);
	mov_imm(BPF_R4, 0);
	call(BPF_FUNC_for_each_map_elem);
	if (v >= SAVED)
		g.vars[v].kind = VAR_NONE;
	if (chance(3))
		do_delete();
	load(BPF_R1, BPF_FP, place_of(v), 8);
	use_address();
}

/* A function says whether a number is small, or an address is not NULL; the copy that this one has kept is used then. */
void do_tested(void)
{
	u32 v = below(VARS);
	bool is_address = chance(2);
	if (!can_call() || g.depth > 3)
		return;
	uses(F_tested_below);
	is_address ? do_unchecked_lookup() : number(BPF_R0);
	put(v, BPF_R0, VAR_NONE, 0);
	if (chance(3))
		number(BPF_R2);
	else
		mov_imm(BPF_R2, some_imm());
	get(BPF_R1, v);
	call_function(is_address ? FUNC_IS_THERE : FUNC_IS_SMALL);
	out(jump(JMP_EQ, chance(2), BPF_R0, (i32)chance(20)));
	get(BPF_R1, v);
	if (is_address)
		touch(BPF_R1, 8, any_size());
	else
		use_number();
}

/* A function returns one of two numbers. This one has kept both, and tests one of them, or both. */
void do_picked(void)
{
	u32 v = below(VARS), other = (v + 1) % VARS;
	if (!can_call() || g.depth > 3)
		return;
	uses(F_picked);
	number(BPF_R1);
	put(v, BPF_R1, VAR_NONE, 0); /* so that the other one is no copy of it */
	number(BPF_R2);
	put(other, BPF_R2, VAR_NUMBER, 0);
	get(BPF_R1, v);
	get(BPF_R2, other);
	call_function(FUNC_PICK);
	get(BPF_R1, v);
	out(jump(JMP_GT, true, BPF_R1, MOST));
	get(BPF_R1, other);
	if (!chance(4))
		out(jump(JMP_GT, true, BPF_R1, MOST));
	mov(BPF_R1, BPF_R0);
	use_number();
}

static void function_set(enum func kind)
{
	bool loops = kind == FUNC_LOOP_SET;
	mov(BPF_R6, loops ? BPF_R2 : BPF_R1);
	put(0, loops ? BPF_R1 : BPF_R2, VAR_NUMBER, 0);
	if (chance(4))
		statements(1);
	if (kind == FUNC_SET_BELOW && can_call()) {
		get(BPF_R2, 0);
		mov(BPF_R1, BPF_R6);
		call_function(FUNC_SET);
	} else {
		give_number(false);
	}
	if (chance(4))
		statements(1);
	mov_imm(BPF_R0, (i32)below(2));
	leave();
}

static void function_choose(void)
{
	put(0, BPF_R2, VAR_NUMBER, 0);
	if (chance(3))
		statements(1);
	give_number(true);
	mov(BPF_R0, BPF_R3);
	leave();
}

/* R1: what is tested; R2: a number. The answer waits in R6, and now and then it is wrong. */
static void function_test(enum func kind)
{
	bool is_address = kind == FUNC_IS_THERE;
	put(0, BPF_R2, VAR_NUMBER, 0);
	put(1, BPF_R1, VAR_NONE, 0);
	u32 first = chance(3) ? part_ways() : 0;
	mov_imm(BPF_R6, 0);
	if (first)
		land(first);
	get(BPF_R1, 1);
	mov_imm(BPF_R6, 0);
	for (u32 i = below(10); i--;)
		mov_imm(BPF_R0, some_imm());
	u32 test = is_address ? jump(JMP_EQ, true, BPF_R1, 0)
			      : jump(chance(20) ? JMP_SGT : JMP_GT, !chance(20), BPF_R1, MOST);
	mov_imm(BPF_R6, 1);
	if (!chance(20))
		land(test);
	if (chance(3))
		statements(1);
	mov(BPF_R0, BPF_R6);
	leave();
}

static void function_pick(void)
{
	put(0, BPF_R1, VAR_NUMBER, 0);
	put(1, BPF_R2, VAR_NUMBER, 0);
	u32 test = part_ways();
	get(BPF_R0, 0);
	u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
	land(test);
	get(BPF_R0, 1);
	land(end);
	leave();
}

/* Into R0: of a value of a map, or NULL; now and then of something else. */
static void one_address(void)
{
	switch (below(8)) {
	case 0:
	case 1: do_unchecked_lookup(); break;
	case 2:
		do_unchecked_lookup();
		out(jump(JMP_EQ, true, BPF_R0, 0));
		break;
	case 3: mov_imm(BPF_R0, chance(4) ? some_imm() : 0); break;
	case 4: mov(BPF_R0, chance(8) ? BPF_FP : BPF_R6); break;
	default: wide(BPF_R0, 2, MAP_DATA | (u64)(8 * below(8)) << 32);
	}
}

static void function_lead(enum func kind)
{
	mov(BPF_R6, BPF_R1);
	put(0, BPF_R1, VAR_NONE, 0);
	if (kind == FUNC_LEAD_BELOW && can_call()) {
		mov(BPF_R1, BPF_R6);
		call_function(FUNC_LEAD);
	} else if (chance(3)) {
		one_address();
		store(BPF_R6, 0, BPF_R0, 8);
	} else {
		u32 test = part_ways();
		one_address();
		store(BPF_R6, 0, BPF_R0, 8);
		u32 end = emit(OPCODE_JA, 0, 0, 0, 0);
		land(test);
		one_address();
		store(BPF_R6, 0, BPF_R0, 8);
		land(end);
	}
	if (chance(4))
		statements(1);
	mov_imm(BPF_R0, 0);
	leave();
}

/* R1: the map; R2: the key; R3: the value; R4: where. */
static void function_keep(void)
{
	mov(BPF_R6, BPF_R4);
	put(0, BPF_R3, VAR_VALUE, 16);
	store(BPF_R6, 0, chance(8) ? BPF_R2 : BPF_R3, 8);
	if (chance(2)) {
		static const u32 helpers[] = { BPF_FUNC_map_delete_elem, BPF_FUNC_map_lookup_elem,
					       BPF_FUNC_map_update_elem };
		mov_imm(BPF_R4, 0);
		call(helpers[below(3)]);
		put(1, BPF_R0, VAR_NUMBER, 0);
	}
	if (chance(3))
		statements(1);
	mov_imm(BPF_R0, chance(4));
	leave();
}

void function_that_gives(enum func kind)
{
	switch (kind) {
	case FUNC_CHOOSE: function_choose(); break;
	case FUNC_LEAD:
	case FUNC_LEAD_BELOW: function_lead(kind); break;
	case FUNC_KEEP: function_keep(); break;
	case FUNC_PICK: function_pick(); break;
	case FUNC_IS_THERE:
	case FUNC_IS_SMALL: function_test(kind); break;
	default: function_set(kind);
	}
}
