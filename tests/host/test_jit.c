// SPDX-License-Identifier: MIT
// JIT and interpreter against a C model, in every combination of registers; and what only the JIT has:
// frames, fixups, jump sizes.
#include "kernel/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"
#include "kernel/text.h"
#include "tests/host/host.h"
#include "tests/host/vm_asm.h"
#include "tests/host/vm_run.h"
#include "tests/test.h"
#include "vm/compile.h"
#include "vm/disasm.h"
#include "vm/helper.h"
#include "vm/map.h"
#include "vm/verify.h"

/* What a program made by with_all_registers sees and leaves. */
struct world {
	u64 in[10], out[10];
	u64 cell;
};

/* Loads R0 to R9 from world.in, executes insn, stores them to world.out. R1's value waits on the stack
 * meanwhile, for no register is free. */
static u32 with_all_registers(struct insn *prog, struct insn insn)
{
	u32 n = 0;
	prog[n++] = (struct insn){ .op = 0x7b, .dst = 10, .src = 1, .off = -8 };
	for (u32 i = 0; i < 10; i++) {
		u32 r = i < 1 ? 0 : i < 9 ? i + 1 : 1; /* the base last */
		prog[n++] = (struct insn){ .op = 0x79, .dst = r & 15, .src = 1, .off = (i16)(8 * r) };
	}
	prog[n++] = insn;
	for (u32 r = 0; r < 10; r++)
		prog[n++] = (struct insn){ .op = 0x7b, .dst = 10, .src = r & 15, .off = (i16)(-16 - 8 * r) };
	prog[n++] = (struct insn){ .op = 0x79, .dst = 1, .src = 10, .off = -8 };
	for (u32 r = 0; r < 10; r++) {
		prog[n++] = (struct insn){ .op = 0x79, .src = 10, .off = (i16)(-16 - 8 * r) };
		prog[n++] = (struct insn){ .op = 0x7b, .dst = 1, .off = (i16)(80 + 8 * r) };
	}
	prog[n++] = (struct insn){ .op = 0x95 };
	return n;
}

/* The meaning of one instruction, written once more: changes w->in to what out must be. */
typedef void model_fn(struct insn in, struct world *w);

static const u64 edges[] = {
	0,
	1,
	2,
	7,
	31,
	32,
	63,
	64,
	0x7f,
	0x80,
	0xff,
	0x7fff,
	0x8000,
	0x7fffffff,
	0x80000000,
	0xffffffff,
	0x100000000,
	0x123456789abcdef0,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xffffffff80000000,
	~0ull,
};

static const u64 *pairs_of_edges(u32 i, u64 pair[2])
{
	pair[0] = edges[i % array_len(edges)];
	pair[1] = edges[i / array_len(edges) % array_len(edges)];
	return pair;
}

static struct prog *load(const struct insn *insns, u32 count, enum prog_mode mode)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog *p = NULL;
	if (!check_eq(OK, prog_load_raw(&p, "test", insns, count, mode, &log)))
		kprintf("%s\n", text);
	return p;
}

static void complain(struct insn in, const char *who, const struct world *got, const struct world *want,
		     const struct world *start)
{
	char text[128];
	struct strbuf s = STRBUF(text);
	insn_print_alone(&s, (struct insn[2]){ in });
	kprintf("%s, %s:\n", text, who);
	for (u32 r = 0; r < 10; r++)
		if (want->in[r] != got->out[r])
			kprintf("  r%u: 0x%llx became 0x%llx, want 0x%llx\n", r, start->in[r], got->out[r],
				want->in[r]);
	if (want->cell != got->cell)
		kprintf("  memory: want 0x%llx got 0x%llx\n", want->cell, got->cell);
}

/* Runs it on w and compares with the model. */
static bool agrees(struct prog *p, struct insn in, const struct world *start, struct world *shared,
		   model_fn *model, const char *who)
{
	struct world want = *start;
	*shared = *start;
	model(in, &want);
	want.cell = shared->cell;
	/* the model works on `shared` too where an address leads there: once for it, once for p */
	*shared = *start;
	vm_call(p, shared, sizeof(*shared));
	bool ok = !memcmp(want.in, shared->out, sizeof(want.in)) && want.cell == shared->cell;
	if (!ok)
		complain(in, who, shared, &want, start);
	return ok;
}

/* One instruction both ways on `rounds` pairs of edge values; is_atomic: dst is an address. */
static void try_insn(struct insn in, model_fn *model, struct world *shared, u32 rounds, u64 address)
{
	struct insn insns[64];
	u32 count = with_all_registers(insns, in);
	struct prog *jit = load(insns, count, PROG_JIT), *interp = load(insns, count, PROG_INTERPRET);
	static u32 salt;
	for (u32 i = 0; jit && interp && i < rounds; i++, salt += 7) {
		struct world start;
		u64 pair[2];
		pairs_of_edges(rounds == array_len(edges) * array_len(edges) ? i : i * 31 + salt, pair);
		for (u32 r = 0; r < 10; r++) {
			start.in[r] = 0x1111111111111111ull * r + 0x0807060504030201ull * i;
			start.out[r] = 0;
		}
		start.cell = pair[0];
		start.in[in.dst] = pair[0];
		start.in[in.src] = pair[1];
		if (address) {
			start.in[0] = i % 3 ? pair[1] : pair[0]; /* cmpxchg: mostly unlike */
			start.in[in.src] = pair[1];
			start.in[in.dst] = address;
		}
		if (!check(agrees(jit, in, &start, shared, model, "jit")) ||
		    !check(agrees(interp, in, &start, shared, model, "interpreter")))
			break;
	}
	prog_free(jit);
	prog_free(interp);
}

/* Every pair of registers, and for one of them every pair of edge values. */
static void try_pairs(struct insn in, model_fn *model)
{
	struct world *shared = kmalloc(sizeof(*shared));
	for (u32 pair = 0; pair < 100; pair++) {
		in.dst = pair / 10 & 15;
		in.src = pair % 10 & 15;
		try_insn(in, model, shared, pair == 23 ? array_len(edges) * array_len(edges) : 12, 0);
	}
	kfree(shared);
}

/* Every register, with each edge value that fits as immediate. */
static void try_imms(struct insn in, model_fn *model)
{
	static const i32 imms[] = { 0,  1,   2,   3,  7,  8,    31,   32,   33,         63,
				    64, 127, 128, -1, -2, -128, -129, 1000, 0x7fffffff, -0x7fffffff - 1 };
	struct world *shared = kmalloc(sizeof(*shared));
	for (u32 i = 0; i < 10 * array_len(imms); i++) {
		in.dst = in.src = i % 10 & 15; /* only for the model; the instruction has no src */
		in.imm = imms[i / 10];
		struct insn bare = in;
		bare.src = 0;
		try_insn(bare, model, shared, array_len(edges), 0);
	}
	kfree(shared);
}

static u64 signed_div(i64 a, i64 b, bool mod)
{
	if (b == 0)
		return mod ? (u64)a : 0;
	if (b == -1)
		return mod ? 0 : -(u64)a;
	return (u64)(mod ? a % b : a / b);
}

static u64 unsigned_div(u64 a, u64 b, bool mod)
{
	if (b == 0)
		return mod ? a : 0;
	return mod ? a % b : a / b;
}

static u64 model_value(struct insn in, u64 a, u64 b, bool wide)
{
	u32 count = (u32)b & (wide ? 63 : 31);
	i64 sa = wide ? (i64)a : (i32)a, sb = wide ? (i64)b : (i32)b;
	switch (in.op >> 4) {
	case 0x0: return a + b;
	case 0x1: return a - b;
	case 0x2: return a * b;
	case 0x3: return in.off ? signed_div(sa, sb, false) : unsigned_div(a, b, false);
	case 0x4: return a | b;
	case 0x5: return a & b;
	case 0x6: return a << count;
	case 0x7: return a >> count;
	case 0x8: return -a;
	case 0x9: return in.off ? signed_div(sa, sb, true) : unsigned_div(a, b, true);
	case 0xa: return a ^ b;
	case 0xb:
		return in.off == 8 ? (u64)(i8)b : in.off == 16 ? (u64)(i16)b : in.off == 32 ? (u64)(i32)b : b;
	case 0xc: return (u64)(sa >> count);
	}
	return 0;
}

static void model_alu(struct insn in, struct world *w)
{
	bool wide = (in.op & 7) == CLASS_ALU64;
	u64 a = w->in[in.dst], b = in.op & 8 ? w->in[in.src] : (u64)(i64)in.imm;
	u64 value = model_value(in, wide ? a : (u32)a, wide ? b : (u32)b, wide);
	w->in[in.dst] = wide ? value : (u32)value;
}

static void alu_pairs(u8 op, i16 off)
{
	try_pairs((struct insn){ .op = 0x0c | op, .off = off }, model_alu);
	try_pairs((struct insn){ .op = 0x0f | op, .off = off }, model_alu);
}

static void alu_imms(u8 op, i16 off)
{
	try_imms((struct insn){ .op = 0x04 | op, .off = off }, model_alu);
	try_imms((struct insn){ .op = 0x07 | op, .off = off }, model_alu);
}

TEST(alu_simple_all_register_pairs)
{
	static const u8 ops[] = { 0x00, 0x10, 0x40, 0x50, 0xa0, 0xb0 };
	for (u32 i = 0; i < array_len(ops); i++) {
		alu_pairs(ops[i], 0);
		alu_imms(ops[i], 0);
	}
}

TEST(alu_mul_all_register_pairs)
{
	alu_pairs(0x20, 0);
	alu_imms(0x20, 0);
}

TEST(alu_div_all_register_pairs)
{
	for (i16 is_signed = 0; is_signed <= 1; is_signed++) {
		alu_pairs(0x30, is_signed);
		alu_imms(0x30, is_signed);
	}
}

TEST(alu_mod_all_register_pairs)
{
	for (i16 is_signed = 0; is_signed <= 1; is_signed++) {
		alu_pairs(0x90, is_signed);
		alu_imms(0x90, is_signed);
	}
}

TEST(alu_shifts_all_register_pairs)
{
	static const u8 ops[] = { 0x60, 0x70, 0xc0 };
	for (u32 i = 0; i < array_len(ops); i++) {
		alu_pairs(ops[i], 0);
		alu_imms(ops[i], 0);
	}
}

TEST(alu_movsx_all_register_pairs)
{
	alu_pairs(0xb0, 8);
	alu_pairs(0xb0, 16);
	try_pairs((struct insn){ .op = 0xbf, .off = 32 }, model_alu);
}

/* One operand: each register in turn. */
static void try_each(struct insn in, model_fn *model)
{
	struct world *shared = kmalloc(sizeof(*shared));
	for (u32 r = 0; r < 10; r++) {
		in.dst = r & 15;
		try_insn(in, model, shared, array_len(edges), 0);
	}
	kfree(shared);
}

TEST(alu_neg_all_registers)
{
	try_each((struct insn){ .op = 0x84 }, model_alu);
	try_each((struct insn){ .op = 0x87 }, model_alu);
}

static void model_end(struct insn in, struct world *w)
{
	u64 value = w->in[in.dst], swapped = 0;
	for (i32 bit = 0; bit < in.imm; bit += 8)
		swapped |= (value >> bit & 0xff) << (in.imm - 8 - bit);
	if (in.op != 0xd4)
		value = swapped;
	w->in[in.dst] = in.imm == 64 ? value : value & ((1ull << in.imm) - 1);
}

TEST(alu_byte_swaps_all_registers)
{
	static const u8 ops[] = { 0xd4, 0xdc, 0xd7 };
	for (u32 i = 0; i < array_len(ops); i++)
		for (i32 bits = 16; bits <= 64; bits *= 2)
			try_each((struct insn){ .op = ops[i], .imm = bits }, model_end);
}

/* Works on the memory that dst points to, before dst or src change. */
static void model_atomic(struct insn in, struct world *w)
{
	bool wide = in.op == 0xdb;
	u64 *cell = (u64 *)(uptr)(w->in[in.dst] + (u64)(i64)in.off);
	u64 mask = wide ? ~0ull : 0xffffffff, old = *cell & mask, operand = w->in[in.src] & mask;
	u64 value = in.imm == 0xf1 && old != (w->in[0] & mask) ? old : operand;

	switch (in.imm & 0xf0) {
	case 0x00: value = old + operand; break;
	case 0x40: value = old | operand; break;
	case 0x50: value = old & operand; break;
	case 0xa0: value = old ^ operand; break;
	}
	if (in.imm == 0xf1)
		w->in[0] = old;
	else if (in.imm & 1)
		w->in[in.src] = old;
	*cell = (*cell & ~mask) | (value & mask);
}

static const i32 atomics[] = { 0x00, 0x40, 0x50, 0xa0, 0x01, 0x41, 0x51, 0xa1, 0xe1, 0xf1 };

/* The address in every register, the operand in every register, even where both are R0. */
TEST(atomics_all_register_pairs)
{
	struct world *shared = kmalloc(sizeof(*shared));
	for (u32 i = 0; i < 100 * array_len(atomics) * 2; i++) {
		struct insn in = { .op = i & 1 ? 0xdb : 0xc3, .imm = atomics[i / 200] };
		in.dst = i / 2 % 10 & 15;
		in.src = i / 20 % 10 & 15;
		in.off = i % 3 ? 0 : 8;
		try_insn(in, model_atomic, shared, 22, (uptr)&shared->cell - (u32)in.off);
	}
	kfree(shared);
}

#define BAD_ADDRESS 0x0000123400000000ull

/* At a bad address: nothing is stored, what would have been read is 0. */
static void model_fault(struct insn in, struct world *w)
{
	if (insn_class(&in) == CLASS_LDX)
		w->in[in.dst] = 0;
	else if (in.op == 0xc3 || in.op == 0xdb) {
		if (in.imm == 0xf1)
			w->in[0] = 0;
		else if (in.imm & 1)
			w->in[in.src] = 0;
	}
}

TEST(bad_addresses_read_as_zero_all_register_pairs)
{
	static const u8 ops[] = { 0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, /* loads */
				  0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b };
	struct world *shared = kmalloc(sizeof(*shared));
	for (u32 i = 0; i < 100 * array_len(ops); i++) {
		struct insn in = { .op = ops[i / 100], .off = 16 };
		u32 base = i % 10, other = i / 10 % 10;
		bool is_load = insn_class(&in) == CLASS_LDX, has_src = insn_class(&in) != CLASS_ST;
		in.dst = (is_load ? other : base) & 15;
		in.src = (is_load ? base : has_src ? other : 0) & 15;
		/* try_insn puts the address into dst: for loads, model and test name it src */
		if (is_load && other != base)
			continue;
		try_insn(in, model_fault, shared, 2, BAD_ADDRESS);
	}
	for (u32 i = 0; i < 100 * array_len(atomics) * 2; i++) {
		struct insn in = { .op = i & 1 ? 0xdb : 0xc3, .imm = atomics[i / 200] };
		in.dst = i / 2 % 10 & 15;
		in.src = i / 20 % 10 & 15;
		try_insn(in, model_fault, shared, 2, BAD_ADDRESS);
	}
	kfree(shared);
}

/* Into every register from a bad address in another one; what was there does not stay. */
TEST(jit_fixup_clears_the_destination)
{
	for (u32 pair = 0; pair < 100; pair++) {
		u32 base = pair / 10, to = pair % 10;
		struct insn insns[] = {
			{ .op = 0x18, .dst = to & 15, .imm = 77 },
			{ 0 },
			{ .op = 0x18, .dst = base & 15, .imm = 16 },
			{ .imm = 0x1234 },
			{ .op = 0x79, .dst = to & 15, .src = base & 15, .off = 8 },
			{ .op = 0xbf, .dst = 0, .src = to & 15 },
			{ .op = 0x95 },
		};
		for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
			char text[256];
			struct strbuf log = STRBUF(text);
			u64 r0 = 1;
			check_eq(OK, vm_run(insns, array_len(insns), mode, NULL, 0, &r0, &log));
			check_eq(0, r0);
		}
	}
}

static struct prog *load_text(const char *text, enum prog_mode mode)
{
	struct insn insns[64];
	return load(insns, vm_asm(insns, array_len(insns), text), mode);
}

TEST(jit_empty_program_is_eight_bytes)
{
	static const u8 want[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x31, 0xc0, 0xc3 };
	struct prog *p = load_text("r0 = 0\nexit", PROG_JIT);
	require(p);
	check_eq(sizeof(want), p->text.len);
	check(!memcmp(want, (const void *)p->text.base, min(sizeof(want), (size_t)p->text.len)));
	check_eq(0, p->insn_at[0]);
	check_eq(7, p->insn_at[1]);
	check_eq(8, p->insn_at[2]);
	prog_free(p);
}

TEST(jit_every_program_begins_with_the_site_nop)
{
	static const u8 nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct prog *p = load_text("r6 = r1\n*(u64 *)(r10 -8) = r6\nr0 = 0\nexit", mode);
		require(p);
		check(!memcmp(nop5, (const void *)p->text.base, sizeof(nop5)));
		prog_free(p);
	}
}

/* Callable from C: rbx, rbp, r12 to r15 and rsp survive a program that writes all registers. */
TEST(jit_keeps_callee_saved_registers)
{
	struct prog *p =
	    load_text("r6 = 6\nr7 = 7\nr8 = 8\nr9 = 9\nr0 = 1\n*(u64 *)(r10 -512) = r6\nexit", PROG_JIT);
	u64 before[7], after[7];
	require(p);
	__asm__ volatile("mov $0x1111, %%rbx; mov $0x1212, %%r12; mov $0x1313, %%r13\n"
			 "mov $0x1414, %%r14; mov $0x1515, %%r15\n"
			 "mov %%rbx, 0(%1); mov %%r12, 8(%1); mov %%r13, 16(%1); mov %%r14, 24(%1)\n"
			 "mov %%r15, 32(%1); mov %%rbp, 40(%1); mov %%rsp, 48(%1)\n"
			 "push %2; push %2; call *%0; pop %2; pop %2\n"
			 "mov %%rbx, 0(%2); mov %%r12, 8(%2); mov %%r13, 16(%2); mov %%r14, 24(%2)\n"
			 "mov %%r15, 32(%2); mov %%rbp, 40(%2); mov %%rsp, 48(%2)\n"
			 :
			 : "a"(p->entry), "D"(before), "S"(after)
			 : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
			   "memory", "cc");
	check(!memcmp(before, after, sizeof(before)));
	prog_free(p);
}

static u64 helper_alignment(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5, const struct prog *p)
{
	uptr frame = (uptr)__builtin_frame_address(0); /* where rbp was pushed: 16 below an aligned rsp */
	return (frame & 15) | (p ? 0 : 1) | (r1 + r2 + r3 + r4 + r5) << 8;
}

/* Whatever the frame holds, a helper is called with an aligned stack, its arguments and the program. */
TEST(jit_aligns_the_stack_for_calls)
{
	static const struct helper row = { 900,          "alignment", RET_SCALAR,
					   { ARG_NONE }, HELPER_PROG, helper_alignment };
	static const char *const saved[] = { "", "r6 = 1\n", "r6 = 1\nr7 = 1\n", "r6 = 1\nr7 = 1\nr8 = 1\n",
					     "r6 = 1\nr7 = 1\nr8 = 1\nr9 = 1\n" };
	static const char *const stack[] = { "",
					     "*(u8 *)(r10 -1) = 1\n",
					     "*(u64 *)(r10 -8) = 1\n",
					     "*(u64 *)(r10 -16) = 1\n",
					     "*(u32 *)(r10 -20) = 1\n",
					     "*(u64 *)(r10 -512) = 1\n" };
	helper_add_table(&row, 1);
	for (u32 i = 0; i < array_len(saved) * array_len(stack); i++) {
		char text[512];
		struct strbuf s = STRBUF(text);
		str_printf(&s, "%s%sr1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall #900\nexit",
			   saved[i % array_len(saved)], stack[i / array_len(saved)]);
		struct prog *p = load_text(text, PROG_JIT);
		if (p)
			check_eq(15 << 8, vm_call(p, NULL, 0));
		prog_free(p);
	}
	helper_add_table(NULL, 0);
}

/* A jump over `count` instructions of 7 bytes that are not dead (movzx esi, byte [rdi+1000]), there and back:
 * R0 = 1 if both arrive. */
static u64 jump_over(u32 count, enum prog_mode mode, u32 *code_len)
{
	struct insn *insns = kzalloc((2 * count + 16) * sizeof(*insns)), *in = insns;
	struct insn pad = { .op = 0x71, .dst = 2, .src = 1, .off = 1000 };
	char text[256];
	struct strbuf log = STRBUF(text);
	struct prog *p;
	u64 r0 = 0;

	*in++ = (struct insn){ .op = 0xb7, .dst = 0, .imm = 0 };
	*in++ = (struct insn){ .op = 0x06, .imm = (i32)count + 2 }; /* to there */
	*in++ = (struct insn){ .op = 0x07, .dst = 0, .imm = 1 };    /* back: */
	*in++ = (struct insn){ .op = 0x95 };
	for (u32 i = 0; i < count; i++)
		*in++ = pad;
	*in++ = (struct insn){ .op = 0x06, .imm = -(i32)count - 3 }; /* there: */
	if (check_eq(OK, prog_load_raw(&p, "jump", insns, (u32)(in - insns), mode, &log))) {
		r0 = vm_call(p, NULL, 0);
		*code_len = p->text.len;
		prog_free(p);
	} else {
		kprintf("%s\n", text);
	}
	kfree(insns);
	return r0;
}

TEST(jit_jumps_across_every_distance)
{
	static const u32 counts[] = { 0, 1, 15, 16, 17, 18, 19, 20, 100, 32760, 40000, 300000 };
	for (u32 i = 0; i < array_len(counts); i++) {
		u32 len = 0;
		check_eq(1, jump_over(counts[i], PROG_JIT, &len));
		check_eq(1, jump_over(counts[i], PROG_INTERPRET, &len));
	}
}

/* The body is 5 + 2 (r0 = 0) + jmp + 4 (r0 += 1) + 1 (ret) + 7 * count + jmp. */
TEST(jit_takes_the_short_jump_up_to_its_limit)
{
	u32 len = 0;
	jump_over(17, PROG_JIT, &len); /* forward 5 + 119 = 124, back 119 + 5 + 2 = 126 */
	check_eq(12 + 7 * 17 + 2 + 2, len);
	jump_over(18, PROG_JIT, &len); /* forward 131, back 133 or more */
	check_eq(12 + 7 * 18 + 5 + 5, len);
}

TEST(jit_fixups_are_sorted_and_inside)
{
	struct prog *p =
	    load_text("r2 = *(u64 *)(r1 +0)\nr3 = atomic64_fetch_and((u64 *)(r1 +8), r3)\n"
		      "*(u8 *)(r1 +3) = 7\nlock *(u32 *)(r1 +4) += r2\nr0 = *(u8 *)(r10 -1)\nr0 += r3\nexit",
		      PROG_JIT);
	require(p);
	check_eq(5, p->text.fixup_count); /* two in the loop, none for the stack */
	for (u32 i = 0; i < p->text.fixup_count; i++) {
		const struct text_fixup *f = &p->text.fixups[i];
		check(f->at < f->resume && f->resume <= p->text.len);
		check(i == 0 || f[-1].at < f->at);
	}
	prog_free(p);
}

/* Loading and freeing, and failing anywhere in between, gives everything back. */
TEST(compile_undoes_all_on_failure)
{
	struct insn insns[8];
	u32 count = vm_asm(insns, 8, "r0 = *(u64 *)(r1 +0)\nexit"), text_before, text_after, blocks;
	u64 before, after, allocations;
	heap_usage(&before, &allocations);
	text_usage(&text_before, &blocks);
	for (u32 nth = 0; nth < 24; nth++) {
		char text[256];
		struct strbuf log = STRBUF(text);
		struct prog *p = NULL;
		heap_fail_after(nth);
		enum err e =
		    prog_load_raw(&p, "test", insns, count, nth & 1 ? PROG_INTERPRET : PROG_JIT, &log);
		heap_fail_after(0);
		check(e == OK || e == ENOMEM);
		prog_free(p);
		heap_usage(&after, &allocations);
		text_usage(&text_after, &blocks);
		check_eq(before, after);
		check_eq(text_before, text_after);
	}
}

/* A program with one map. */
static struct prog *load_with_map(struct object *o, const char *text, enum prog_mode mode)
{
	char message[256];
	struct strbuf log = STRBUF(message);
	struct insn insns[32];
	struct prog *p;
	u32 count = vm_asm(insns, array_len(insns), text);
	if (!check_eq(OK, prog_new(&p, "map_user", &log)))
		return NULL;
	p->object = o;
	p->mode = mode;
	p->insn_count = count;
	p->insns = kmalloc(count * sizeof(*insns));
	memcpy(p->insns, insns, count * sizeof(*insns));
	if (check_eq(OK, prog_verify(p, &log)) && check_eq(OK, prog_compile(p, &log)))
		return p;
	kprintf("%s\n", message);
	prog_free(p);
	return NULL;
}

/* Looks up the u32 at R1. */
static const char lookup[] = "r2 = r1\nr1 = map[id:0]\ncall bpf_map_lookup_elem#1\nexit";

static u32 lookup_calls;
static u64 counted_lookup(u64 r1, u64 r2, u64 r3 unused, u64 r4 unused, u64 r5 unused,
			  const struct prog *p unused)
{
	struct map *m = (struct map *)(uptr)r1;
	lookup_calls++;
	return (uptr)m->ops->lookup(m, (const void *)(uptr)r2);
}
static const struct helper lookup_row = {
	1, "map_lookup_elem", RET_MAP_VALUE_OR_NULL, { ARG_MAP, ARG_MAP_KEY }, 0, counted_lookup
};

/* Looks up keys around the limit, with and without the call, on two CPUs. */
static void try_lookups(enum bpf_map_type type, u32 value_size)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct map *m;
	u32 *key = kmalloc(sizeof(*key));
	require(check_eq(OK, map_create(&m, "m", type, 4, value_size, 5, 0, &log)));
	struct object o = { .maps = &m, .map_count = 1 };
	helper_add_table(&lookup_row, 1);
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct prog *p = load_with_map(&o, lookup, mode);
		require(p);
		lookup_calls = 0;
		for (u32 cpu = 0; cpu < 2; cpu++) {
			host_set_cpu(cpu);
			for (*key = 0; *key < 7; ++*key)
				check_eq((uptr)m->ops->lookup(m, key), vm_call(p, key, 4));
			*key = 0xffffffff;
			check_eq(0, vm_call(p, key, 4));
		}
		host_set_cpu(0);
		check_eq(mode == PROG_JIT ? 0 : 2 * 8, lookup_calls);
		prog_free(p);
	}
	helper_add_table(NULL, 0);
	map_free(m);
	kfree(key);
}

TEST(jit_looks_into_arrays_without_a_call)
{
	for (u32 size = 1; size <= 24; size += 7)
		try_lookups(BPF_MAP_TYPE_ARRAY, size);
}

TEST(jit_looks_into_per_cpu_arrays_without_a_call)
{
	for (u32 size = 1; size <= 24; size += 7)
		try_lookups(BPF_MAP_TYPE_PERCPU_ARRAY, size);
}

/* Where a jump can lead to the call with another R1, the map is not known. */
TEST(jit_calls_the_lookup_if_the_map_is_not_known)
{
	char text[256];
	struct strbuf log = STRBUF(text);
	struct map *maps[2];
	u32 *key = kzalloc(sizeof(*key));
	require(check_eq(OK, map_create(&maps[0], "a", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, &log)));
	require(check_eq(OK, map_create(&maps[1], "b", BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, &log)));
	struct object o = { .maps = maps, .map_count = 2 };
	struct prog *p =
	    load_with_map(&o,
			  "r3 = r2\nr2 = r1\nr1 = map[id:0]\nif r3 == 0x0 goto pc+2\nr1 = map[id:1]\n"
			  "call bpf_map_lookup_elem#1\nexit",
			  PROG_JIT);
	require(p);
	check_eq((uptr)maps[0]->values, vm_call(p, key, 0));
	check_eq((uptr)maps[1]->values, vm_call(p, key, 4));
	prog_free(p);
	map_free(maps[0]);
	map_free(maps[1]);
	kfree(key);
}

TEST(jit_reads_the_cpu_number_without_a_call)
{
	for (enum prog_mode mode = PROG_JIT; mode <= PROG_INTERPRET; mode++) {
		struct prog *p = load_text("call bpf_get_smp_processor_id#8\nexit", mode);
		require(p);
		check(p->facts.per_cpu);
		host_set_cpu(3);
		check_eq(3, vm_call(p, NULL, 0));
		host_set_cpu(0);
		check_eq(0, vm_call(p, NULL, 0));
		prog_free(p);
	}
}
