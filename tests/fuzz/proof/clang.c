// SPDX-License-Identifier: MIT
// Makes programs as clang makes them: variables in R6 to R9 and in stack slots, work in R0 to R5, statements that test
// before they use. One in eight bounds is one too large; and half of the programs are changed in a place or two.
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/clang.h"

struct gen g;

u64 random_next(u64 *state)
{
	u64 n = *state += 0x9e3779b97f4a7c15;
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
	n = (n ^ n >> 27) * 0x94d049bb133111eb;
	return n ^ n >> 31;
}

u32 random_below(u64 *state, u32 n)
{
	return (u32)((random_next(state) >> 32) * n >> 32);
}

void merge(const struct var *other)
{
	for (u32 v = 0; v < VARS; v++) {
		if (g.vars[v].kind != other[v].kind)
			g.vars[v].kind = VAR_NONE;
		g.vars[v].size = g.vars[v].size < other[v].size ? g.vars[v].size : other[v].size;
	}
}

static void do_branch(void)
{
	static const u8 tests[] = { JMP_EQ,  JMP_GT, JMP_GE, JMP_SET, JMP_NE, JMP_SGT,
				    JMP_SGE, JMP_LT, JMP_LE, JMP_SLT, JMP_SLE };
	struct var before[VARS], after[VARS];
	bool buffer = g.buffer_set;
	uses(F_branch);
	number(BPF_R1);
	u32 test = jump(tests[below(array_len(tests))], !chance(3), BPF_R1, some_imm()), end = 0;
	memcpy(before, g.vars, sizeof(before));
	statements(1 + below(3));
	bool has_else = chance(2);
	if (has_else)
		end = emit(OPCODE_JA, 0, 0, 0, 0);
	memcpy(after, g.vars, sizeof(after));
	land(test);
	memcpy(g.vars, before, sizeof(before));
	if (has_else) {
		g.buffer_set = buffer;
		statements(1 + below(2));
		land(end);
	}
	merge(after);
	g.buffer_set = buffer;
}

/* A loop whose counter is in a variable that the body leaves alone. */
static void do_loop(void)
{
	u32 v = below(VARS), limit = 1 + below(9), size = any_size();
	bool to_variable = chance(2), buffer;
	struct var before[VARS];
	uses(F_loop);
	if (!g.buffer_set)
		set_buffer();
	if (to_variable) {
		number(BPF_R1);
		bound(BPF_R1, 8);
		store(BPF_FP, CELL - 8, BPF_R1, 8);
	}
	mov_imm(BPF_R1, 0);
	put(v, BPF_R1, VAR_NUMBER, 0);
	memcpy(before, g.vars, sizeof(before));
	buffer = g.buffer_set;
	u32 top = g.m->count, test = 0;
	get(BPF_R1, v);
	if (to_variable) {
		access(OPCODE_LDX64, BPF_R2, BPF_FP, CELL - 8, 8, 0);
		test = jump_reg(chance(2) ? JMP_GE : JMP_SGE, !chance(4), BPF_R1, BPF_R2);
	}
	alu(ALU_LSH, true, BPF_R1, (i32)__builtin_ctz(size));
	mov(BPF_R2, BPF_FP);
	alu(ALU_ADD, true, BPF_R2, BUFFER);
	alu_reg(ALU_ADD, true, BPF_R2, BPF_R1);
	if (chance(2))
		access(OPCODE_LDX64, BPF_R3, BPF_R2, 0, size, 0);
	else
		access(OPCODE_ST64, BPF_R2, 0, 0, size, some_imm());
	g.vars[v].kind = VAR_NONE;
	if (chance(2) && g.depth < 2)
		statements(1);
	get(BPF_R1, v);
	alu(ALU_ADD, chance(2), BPF_R1, 1);
	put(v, BPF_R1, VAR_NUMBER, 0);
	if (to_variable) {
		u32 back = emit(OPCODE_JA, 0, 0, 0, 0);
		g.m->insns[back].off = (i16)(top - back - 1);
		land(test);
	} else {
		static const u8 tests[] = { JMP_LT, JMP_NE, JMP_SLT };
		u32 back = jump(tests[below(3)], !chance(3), BPF_R1, (i32)(limit > 8 ? 8 : limit));
		g.m->insns[back].off = (i16)(top - back - 1);
	}
	merge(before);
	g.buffer_set = buffer;
}

bool can_call(void)
{
	return g.call_count < array_len(g.calls);
}

static void note_call(u32 idx, enum func kind)
{
	if (can_call())
		g.calls[g.call_count++] = (struct call_site){ idx, kind, g.function };
}

void call_function(enum func kind)
{
	note_call(emit(OPCODE_CALL_LOCAL, 0, 1, 0, 0), kind);
}

void address_of_function(u32 reg, enum func kind)
{
	note_call(emit(OPCODE_LD_IMM64, reg, 4, 0, 0), kind);
	emit(0, 0, 0, 0, 0);
}

static void do_subprogram(void)
{
	i32 v = find_var(VAR_VALUE);
	if (!can_call() || g.depth > 2)
		return;
	uses(F_subprogram);
	if (!g.buffer_set)
		set_buffer();
	number(BPF_R2);
	if (chance(2))
		bound(BPF_R2, 15);
	bool own = v < 0 || g.vars[v].size < 16 || chance(2);
	if (own) {
		mov(BPF_R1, BPF_FP);
		alu(ALU_ADD, true, BPF_R1, BUFFER);
	} else {
		get(BPF_R1, (u32)v);
	}
	call_function(FUNC_SUB);
	u32 to = below(VARS);
	put(to, BPF_R0, VAR_NUMBER, 0);
}

static void do_callback(void)
{
	bool loops = chance(2);
	if (!can_call() || g.depth > 2)
		return;
	uses(loops ? F_bpf_loop : F_for_each);
	if (!g.buffer_set)
		set_buffer();
	if (loops) {
		number(BPF_R1);
		bound(BPF_R1, 40);
	} else {
		wide(BPF_R1, 1, chance(2) ? MAP_HASH : MAP_ARRAY);
	}
	address_of_function(BPF_R2, loops ? FUNC_LOOP : FUNC_EACH);
	mov(BPF_R3, BPF_FP);
	alu(ALU_ADD, true, BPF_R3, BUFFER);
	mov_imm(BPF_R4, 0);
	call(loops ? BPF_FUNC_loop : BPF_FUNC_for_each_map_elem);
	u32 to = below(VARS);
	put(to, BPF_R0, VAR_NUMBER, 0);
}

static void statement(void)
{
	static void (*const all[])(void) = {
		do_number,   do_arithmetic, do_arithmetic,  do_narrow,      do_lookup,      do_lookup,
		do_data,     do_index,      do_index,       do_index,       do_index,       do_constant_index,
		do_update,   do_delete,     do_probe,       do_comm,        do_object,      do_branch,
		do_branch,   do_loop,       do_loop,        do_subprogram,  do_callback,    do_callback,
		do_iterator, do_iterator,   do_frame,       do_printk,      do_ordered,     do_accumulate,
		do_bounded,  do_bounded,    do_small_index, do_small_index, do_small_index, do_fill,
		do_record,   do_record,     do_lock,        do_lock,        do_step,        do_global,
		do_iterator, do_record,     do_tail_call,   do_tail_call,   do_output,      do_reload,
		do_reload,   do_out,        do_out,         do_chosen,      do_parts,       do_pointer,
		do_keep,     do_vprintk,    do_distance,    do_tested,      do_picked,      do_zeros
	};
	all[below(array_len(all))]();
}

void statements(u32 count)
{
	g.depth++;
	if (g.depth < 5)
		while (count-- && g.m->count < INSNS / 2)
			statement();
	g.depth--;
}

static void begin_function(bool has_context)
{
	memset(g.vars, 0, sizeof(g.vars));
	g.out_count = 0;
	g.has_context = has_context;
	g.buffer_set = g.has_iter = g.holds_record = false;
	g.iters = 0;
}

void leave(void)
{
	bool has_outs = g.out_count;
	u32 over = has_outs ? emit(OPCODE_JA, 0, 0, 0, 0) : 0;
	land_outs(0);
	if (has_outs) {
		mov_imm(BPF_R0, 0);
		land(over);
	}
	emit(OPCODE_EXIT, 0, 0, 0, 0);
}

static void end_function(u32 result)
{
	if (result == 2 && !chance(3))
		number(BPF_R0);
	else
		mov_imm(BPF_R0, result == 1 ? (i32)below(2) : 0);
	leave();
}

/* A function that has a pointer to 16 bytes in R1, and a number in R2; or is a callback. */
static void function_of_values(enum func kind)
{
	if (kind == FUNC_SUB) {
		put(0, BPF_R1, VAR_VALUE, 16);
		put(1, BPF_R2, VAR_NUMBER, 0);
	} else if (kind == FUNC_LOOP) {
		put(0, BPF_R2, VAR_VALUE, BUFFER_SIZE);
		put(1, BPF_R1, VAR_NUMBER, 0);
	} else {
		put(0, BPF_R3, VAR_VALUE, 16);
		put(1, BPF_R4, VAR_VALUE, BUFFER_SIZE);
		load(BPF_R1, BPF_R2, 0, 4);
		put(2, BPF_R1, VAR_NUMBER, 0);
	}
	if (chance(2))
		do_accumulate();
	statements(1 + below(3));
	end_function(kind == FUNC_SUB ? 2 : 1);
}

/* What the call at site leads to: a function of its own, or one that others call, too. A function calls only
 * those that are made after it, so that none calls itself. */
static void make_callee(struct call_site *site)
{
	struct insn *in = &g.m->insns[site->idx];
	for (u32 i = g.function; i > site->in; i--)
		if (g.functions[i].kind == site->kind && !chance(4)) {
			in->imm = (i32)(g.functions[i].start - site->idx - 1);
			return;
		}
	g.functions[++g.function] = (struct function){ g.m->count, site->kind };
	in->imm = (i32)(g.m->count - site->idx - 1);
	g.m->globals[g.m->count] = global_type(site->kind);
	g.m->has_globals |= global_type(site->kind) != 0;
	begin_function(false);
	g.may_tail = g.is_small && !site->in && (site->kind == FUNC_TAIL || site->kind == FUNC_CONTEXT);
	g.depth = 1 + below(2);
	if (site->kind <= FUNC_EACH)
		function_of_values(site->kind);
	else if (global_type(site->kind))
		function_of_global(site->kind);
	else if (site->kind == FUNC_TAIL)
		function_of_tail();
	else if (site->kind > FUNC_TAIL)
		function_that_gives(site->kind);
	else
		function_of_held(site->kind);
	g.depth = 0;
}

/* Statements that take no address of the stack, and calls of functions that make tail calls. */
static void small_main(void)
{
	static void (*const all[])(void) = { do_number,  do_arithmetic,     do_narrow,  do_data,
					     do_bounded, do_constant_index, do_ordered, do_accumulate,
					     do_parts,   do_parts,          do_zeros };
	g.is_small = true;
	for (u32 count = 1 + below(3); count--;) {
		for (u32 i = below(3); i--;)
			all[below(array_len(all))]();
		call_function_of_tail();
	}
}

static void choose_type(struct made *m)
{
	static const char *const sections[] = { "raw_tp", "tp_btf/sched_migrate_task",
						"fexit/wake_up_process", "kprobe/wake_up_process",
						"kretprobe/wake_up_process" };
	u32 type = chance(3) ? 1 + below(2) : chance(4) ? 3 + below(2) : 0;
	m->section = sections[type];
	m->is_tracing = type == 1 || type == 2;
	m->is_fexit = type == 2;
	m->is_kprobe = type >= 3;
	m->context = m->is_kprobe ? REGS : CONTEXT;
}

static void be_as(struct made *m, const struct made *as)
{
	m->section = as->section;
	m->is_tracing = as->is_tracing;
	m->is_fexit = as->is_fexit;
	m->is_kprobe = as->is_kprobe;
	m->context = as->context;
	memcpy(m->iter_ids, as->iter_ids, sizeof(m->iter_ids));
}

void make_program(struct made *m, u64 seed, const struct made *as)
{
	memset(m->insns, 0, sizeof(m->insns));
	memset(m->globals, 0, sizeof(m->globals));
	m->has_globals = false;
	m->count = 0;
	m->features = 0;
	memset(&g, 0, sizeof(g));
	g.m = m;
	g.random = seed * 0x2545f4914f6cdd1dull;
	if (as)
		be_as(m, as);
	else
		choose_type(m);
	if (m->is_kprobe)
		uses(F_kprobe);
	begin_function(true);
	mov(BPF_R6, BPF_R1);
	if (chance(12)) {
		small_main();
	} else {
		g.may_tail = true;
		if (chance(3))
			set_buffer();
		statements(1 + below(as ? 4 : 7));
	}
	end_function(m->is_tracing && !chance(12) ? 0 : 2);
	for (u32 i = 0; i < g.call_count; i++)
		make_callee(&g.calls[i]);
	if (chance(as ? 4 : 2))
		mutate();
}
