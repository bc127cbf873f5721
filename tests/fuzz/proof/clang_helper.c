// SPDX-License-Identifier: MIT
// Of the generator: helpers that fill memory, or print it.
#include "tests/fuzz/proof/clang.h"

/* A helper fills memory that was not written before; then it is read. */
void do_fill(void)
{
	u32 v, room = 48;
	bool comm = chance(2);
	uses(F_fill);
	if (chance(2)) {
		mov_imm(BPF_R2, (i32)room);
	} else {
		number(BPF_R2);
		bound(BPF_R2, room);
		if (comm || chance(2))
			out(jump(JMP_EQ, true, BPF_R2, 0));
	}
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, FILL);
	mov_imm(BPF_R3, some_imm());
	call(comm ? BPF_FUNC_get_current_comm : BPF_FUNC_probe_read_kernel);
	u32 size = any_size();
	load(BPF_R1, BPF_FP, FILL + (i32)(size * below(room / size)), size);
	free_var(&v);
	put(v, BPF_R1, VAR_NUMBER, 0);
}

/* No bytes at an address that may be of anything. */
static void probe_nothing(void)
{
	if (chance(2)) {
		do_unchecked_lookup();
		mov(BPF_R1, BPF_R0);
	} else if (g.has_context && chance(2)) {
		mov(BPF_R1, BPF_R6);
	} else {
		mov(BPF_R1, BPF_FP);
		alu(ALU_ADD, true, BPF_R1, -8 * (i32)below(66));
	}
	mov_imm(BPF_R2, 0);
	mov_imm(BPF_R3, 0);
	call(BPF_FUNC_probe_read_kernel);
}

void do_probe(void)
{
	bool on_stack = chance(4);
	i32 v = find_var(VAR_VALUE);
	u32 room = on_stack || v < 0 ? BUFFER_SIZE : g.vars[v].size;
	uses(F_probe_read);
	if (chance(16)) {
		probe_nothing();
		return;
	}
	number(BPF_R2);
	bound(BPF_R2, room);
	if (chance(4))
		out(jump(JMP_EQ, true, BPF_R2, 0));
	if (on_stack || v < 0) {
		mov(BPF_R1, BPF_FP);
		alu(ALU_ADD, true, BPF_R1, BUFFER);
	} else {
		get(BPF_R1, (u32)v);
	}
	if (chance(2) && g.has_context)
		load(BPF_R3, BPF_R6, 0, 8);
	else
		mov_imm(BPF_R3, some_imm());
	call(chance(4) ? BPF_FUNC_probe_read_kernel_str : BPF_FUNC_probe_read_kernel);
}

void do_comm(void)
{
	i32 v = find_var(VAR_VALUE);
	uses(F_comm);
	mov(BPF_R1, BPF_FP);
	alu(ALU_ADD, true, BPF_R1, BUFFER);
	if (v >= 0 && chance(2)) {
		get(BPF_R1, (u32)v);
		mov_imm(BPF_R2, (i32)g.vars[v].size + chance(8));
	} else if (chance(2)) {
		mov_imm(BPF_R2, 1 + (i32)below(BUFFER_SIZE + 1));
	} else {
		number(BPF_R2);
		bound(BPF_R2, BUFFER_SIZE);
		out(jump(JMP_EQ, true, BPF_R2, 0));
		mov(BPF_R1, BPF_FP);
		alu(ALU_ADD, true, BPF_R1, BUFFER);
	}
	call(BPF_FUNC_get_current_comm);
}

/* bpf_get_func_arg and bpf_get_func_ret put a word into the stack. */
void do_frame(void)
{
	u32 v;
	if (!g.has_context || g.m->is_kprobe)
		return;
	uses(F_frame);
	if (chance(3) && g.m->is_fexit) {
		mov(BPF_R2, BPF_FP);
		alu(ALU_ADD, true, BPF_R2, CELL);
		mov(BPF_R1, BPF_R6);
		call(BPF_FUNC_get_func_ret);
	} else {
		number(BPF_R2);
		mov(BPF_R3, BPF_FP);
		alu(ALU_ADD, true, BPF_R3, CELL);
		mov(BPF_R1, BPF_R6);
		call(BPF_FUNC_get_func_arg);
	}
	out(jump(JMP_NE, true, BPF_R0, 0));
	load(BPF_R1, BPF_FP, CELL, 8);
	free_var(&v);
	put(v, BPF_R1, VAR_NUMBER, 0);
}

void do_printk(void)
{
	uses(F_printk);
	number(BPF_R3);
	wide(BPF_R1, 2, MAP_RODATA);
	mov_imm(BPF_R2, 5);
	call(BPF_FUNC_trace_printk);
}

/* The values are eight bytes, or none, and then perhaps NULL. */
void do_vprintk(void)
{
	uses(F_vprintk);
	if (!g.buffer_set)
		set_buffer();
	number(BPF_R4);
	u32 most = chance(3) ? 0 : 8;
	if (most && chance(2))
		mov_imm(BPF_R4, 8);
	else
		alu(ALU_AND, chance(2), BPF_R4, (i32)most);
	if (chance(most ? 16 : 3)) {
		mov_imm(BPF_R3, 0);
	} else {
		mov(BPF_R3, BPF_FP);
		alu(ALU_ADD, true, BPF_R3, BUFFER + 8 * (i32)below(8));
	}
	u32 skips = most && !chance(20) ? 0 : 4; /* "v=%d", or "" */
	wide(BPF_R1, 2, MAP_RODATA | (u64)skips << 32);
	mov_imm(BPF_R2, 5 - (i32)skips);
	call(BPF_FUNC_trace_vprintk);
}
