// SPDX-License-Identifier: MIT
// Random programs, which the interpreter and machine code must agree on: result and memory.
// FUZZ_SEED and FUZZ_ROUNDS in the environment make it another or a longer run.
//
// A program is made of units, one to a dozen instructions each; jumps lead from one to the beginning of a
// later one. In every function R6 points to the memory, R0 to R5 and R7 to R9 hold numbers.
#include <stdlib.h>
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "tests/host/host.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/disasm.h"
#include "vm/helper.h"

enum {
	UNITS_MAX = 40,
	FUNCS_MAX = 4,
	INSNS_MAX = 4096,
	MEM_LEN = 64,
	STACK_LEN = 48, /* of the stack, what is used */
};

struct fuzz {
	u64 random;
	struct insn insns[INSNS_MAX];
	u32 count;
	u32 unit_at[UNITS_MAX + 1], units; /* of the function in work */
	struct {
		u32 insn, unit;
	} jumps[UNITS_MAX]; /* that wait for their targets */
	u32 jump_count;
	struct {
		u32 insn, func;
	} calls[FUNCS_MAX * UNITS_MAX];
	u32 call_count, func, funcs, func_at[FUNCS_MAX];
};

static u32 below(struct fuzz *f, u32 limit)
{
	f->random = f->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(f->random >> 33) % limit;
}

static bool once_in(struct fuzz *f, u32 n)
{
	return below(f, n) == 0;
}

static u64 number(struct fuzz *f)
{
	static const u64 edges[] = { 0,          1,          2,      7,          31,         32,  63,
				     64,         255,        0x8000, 0x7fffffff, 0x80000000, ~0u, 1ull << 32,
				     1ull << 63, ~0ull >> 1, ~0ull,  ~1ull,      ~0x7full };
	u64 high = below(f, 1u << 31), low = below(f, 1u << 31);
	return once_in(f, 3) ? high << 33 ^ low << 1 ^ high : edges[below(f, array_len(edges))];
}

/* A register whose value is a number, and may change. */
static u8 reg(struct fuzz *f)
{
	static const u8 regs[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9 };
	return regs[below(f, array_len(regs))];
}

static void add(struct fuzz *f, u32 op, u32 dst, u32 src, i32 off, i32 imm)
{
	f->insns[f->count++] =
	    (struct insn){ .op = (u8)op, .dst = dst & 15, .src = src & 15, .off = (i16)off, .imm = imm };
}

static void load_imm(struct fuzz *f, u32 dst, u64 value)
{
	add(f, 0x18, dst, 0, 0, (i32)value);
	add(f, 0, 0, 0, 0, (i32)(value >> 32));
}

static void add_alu(struct fuzz *f)
{
	static const u8 codes[] = { 0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0 };
	static const u8 extends[] = { 0, 8, 16, 32 };
	u32 code = codes[below(f, array_len(codes))], wide = once_in(f, 2) ? 7 : 4;
	bool has_src = once_in(f, 2), divides = code == 0x30 || code == 0x90;
	u32 off = divides ? below(f, 2) : 0;
	if (code == 0xb0 && has_src)
		off = extends[below(f, wide == 7 ? 4 : 3)];
	add(f, code | wide | (has_src ? 8 : 0), reg(f), has_src ? reg(f) : 0, (i32)off,
	    has_src ? 0 : (i32)number(f));
}

/* Negations and byte swaps. */
static void add_unary(struct fuzz *f)
{
	static const u8 ops[] = { 0x84, 0x87, 0xd4, 0xdc, 0xd7 };
	u32 op = ops[below(f, array_len(ops))];
	add(f, op, reg(f), 0, 0, op < 0xd0 ? 0 : 16 << below(f, 3));
}

/* A place to load and store: *base and *off, for 8 bytes. One in three is nowhere. */
static void add_place(struct fuzz *f, u32 *base, i32 *off)
{
	static const u64 nowhere[] = { 0, 8, 1ull << 63, ~0ull << 48, 0x123400000000 };
	*base = once_in(f, 2) ? 6 : BPF_FP;
	*off = *base == 6 ? (i32)below(f, MEM_LEN - 7) : (i32)below(f, STACK_LEN - 7) - STACK_LEN;
	if (once_in(f, 3)) {
		*base = reg(f);
		load_imm(f, *base, nowhere[below(f, array_len(nowhere))]);
	} else if (*base == 6 && once_in(f, 3)) { /* through another register */
		*base = reg(f);
		add(f, 0xbf, *base, 6, 0, 0);
	}
}

static void add_access(struct fuzz *f)
{
	static const u8 loads[] = { 0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91 };
	static const u8 stores[] = { 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b };
	u32 base;
	i32 off;
	add_place(f, &base, &off);
	if (once_in(f, 2)) {
		add(f, loads[below(f, array_len(loads))], reg(f), base, off, 0);
		return;
	}
	u32 op = stores[below(f, array_len(stores))];
	bool has_src = op & 1;
	add(f, op, base, has_src ? reg(f) : 0, off, has_src ? 0 : (i32)number(f));
}

static void add_atomic(struct fuzz *f)
{
	static const i32 ops[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1 };
	u32 base;
	i32 off;
	add_place(f, &base, &off);
	if (base != BPF_R0 && once_in(f, 3)) /* so that cmpxchg finds what it looks for */
		add(f, 0x79, BPF_R0, base, off, 0);
	add(f, once_in(f, 2) ? 0xc3 : 0xdb, base, reg(f), off, ops[below(f, array_len(ops))]);
}

static void add_jump(struct fuzz *f)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	u32 class = once_in(f, 2) ? 5 : 6;
	bool has_src = once_in(f, 2), is_goto = once_in(f, 6);
	f->jumps[f->jump_count].insn = f->count;
	f->jumps[f->jump_count++].unit = f->units + 1 + (once_in(f, 3) ? below(f, UNITS_MAX) : below(f, 4));
	if (is_goto)
		add(f, class, 0, 0, 0, 0);
	else
		add(f, codes[below(f, array_len(codes))] | class | (has_src ? 8 : 0), reg(f),
		    has_src ? reg(f) : 0, 0, has_src ? 0 : (i32)number(f));
}

/* Of a helper, or a function that comes later. R1 to R5 are lost. */
static void add_call(struct fuzz *f)
{
	u32 later = f->funcs - 1 - f->func;
	if (later && once_in(f, 2)) {
		add(f, 0xbf, 1, 6, 0, 0);
		f->calls[f->call_count].insn = f->count;
		f->calls[f->call_count++].func = f->func + 1 + below(f, later);
		add(f, 0x85, 0, 1, 0, 0);
	} else {
		add(f, 0x85, 0, 0, 0, 5);
	}
	for (u32 r = 1; r <= 5; r++)
		load_imm(f, r, number(f));
}

static void add_unit(struct fuzz *f)
{
	u32 what = below(f, 20);
	if (what < 8)
		add_alu(f);
	else if (what < 9)
		add_unary(f);
	else if (what < 13)
		add_access(f);
	else if (what < 16)
		add_atomic(f);
	else if (what < 19)
		add_jump(f);
	else
		add_call(f);
}

/* Everything that is left goes into R0. */
static void add_end(struct fuzz *f)
{
	for (u32 r = 1; r <= 9; r++) {
		add(f, 0x27, 0, 0, 0, 31);
		add(f, 0xaf, 0, r, 0, 0);
	}
	for (i32 off = -STACK_LEN; off < 0; off += 8) {
		add(f, 0x79, 1, BPF_FP, off, 0);
		add(f, 0x27, 0, 0, 0, 31);
		add(f, 0xaf, 0, 1, 0, 0);
	}
	add(f, 0x95, 0, 0, 0, 0);
}

static void bind_jumps(struct fuzz *f)
{
	for (u32 i = 0; i < f->jump_count; i++) {
		struct insn *in = &f->insns[f->jumps[i].insn];
		i32 distance = (i32)(f->unit_at[min(f->jumps[i].unit, f->units)] - f->jumps[i].insn - 1);
		if (in->op == 0x06)
			in->imm = distance;
		else
			in->off = (i16)distance;
	}
}

static void add_function(struct fuzz *f)
{
	u32 units = 1 + below(f, UNITS_MAX - 1);
	f->func_at[f->func] = f->count;
	f->units = f->jump_count = 0;
	add(f, 0xbf, 6, 1, 0, 0);
	for (u32 r = 0; r <= 9; r++)
		if (r != 6)
			load_imm(f, r, number(f));
	for (i32 off = -STACK_LEN; off < 0; off += 8)
		add(f, 0x7b, BPF_FP, reg(f), off, 0);
	for (; f->units < units; f->units++) {
		f->unit_at[f->units] = f->count;
		add_unit(f);
	}
	f->unit_at[units] = f->count;
	bind_jumps(f);
	add_end(f);
}

static void make_program(struct fuzz *f, u64 seed)
{
	*f = (struct fuzz){ .random = seed * 0x9e3779b97f4a7c15ull };
	below(f, 2);
	f->funcs = 1 + below(f, FUNCS_MAX);
	for (f->func = 0; f->func < f->funcs; f->func++)
		add_function(f);
	for (u32 i = 0; i < f->call_count; i++)
		f->insns[f->calls[i].insn].imm = (i32)(f->func_at[f->calls[i].func] - f->calls[i].insn - 1);
}

static bool run(const struct fuzz *f, enum prog_mode mode, u8 *mem, u64 *r0)
{
	char text[256] = "";
	struct strbuf log = STRBUF(text);
	for (u32 i = 0; i < MEM_LEN; i++)
		mem[i] = (u8)(i * 37);
	if (check_eq(OK, vm_run(f->insns, f->count, mode, mem, MEM_LEN, r0, &log)))
		return true;
	kprintf("%s\n", text);
	return false;
}

static void show(const struct fuzz *f)
{
	for (u32 i = 0; i < f->count; i++) {
		char text[128];
		struct strbuf s = STRBUF(text);
		insn_print_alone(&s, &f->insns[i]);
		kprintf("%4u: %s\n", i, text);
		i += insn_is_wide(&f->insns[i]);
	}
}

static u64 setting(const char *name, u64 otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 0) : otherwise;
}

TEST(fuzz_interpreter_and_jit_agree)
{
	static struct fuzz f;
	u64 seed = setting("FUZZ_SEED", 1), rounds = setting("FUZZ_ROUNDS", 400);
	u8 *mem = kmalloc(MEM_LEN), want[MEM_LEN];
	vm_add_suite_helpers();
	for (u64 end = seed + rounds; seed < end; seed++) {
		u64 r0[2] = { 0, 1 };
		make_program(&f, seed);
		bool ok = run(&f, PROG_INTERPRET, mem, &r0[0]);
		memcpy(want, mem, MEM_LEN);
		ok = ok && run(&f, PROG_JIT, mem, &r0[1]) && check_eq(r0[0], r0[1]) &&
		     check(!memcmp(want, mem, MEM_LEN));
		if (!ok) {
			kprintf("program of seed %llu:\n", seed);
			show(&f);
			break;
		}
	}
	helper_add_table(NULL, 0);
	kfree(mem);
}
