// SPDX-License-Identifier: MIT
// Makes and runs dense programs. They begin with loads of their registers, so that the compiler knows no
// values, and end with stores of the registers that are compared.
#include "tests/fuzz/dense.h"
#include "tests/fuzz/gen_parts.h"
#include "tests/vm_model.h"
#include "tests/host/vm_run.h"
#include "vm/compile.h"

enum { STACK = GEN_STACK + 10 * 8 }; /* what all units may use; below it R0 to R9 */
enum { DENSE_LEFT = 64 };            /* instructions for one unit and the end */

/* What a program works on. Compiled code runs on this stack, so that R10 is where the model has it. */
static struct {
	u8 below[64 * 1024]; /* registers saved; a handler of faults */
	u8 stack[STACK];
	u64 frame[2]; /* rbp, return address */
	u8 mem[GEN_DATA];
} arena __attribute__((aligned(16)));

/* What it leaves. */
struct outcome {
	u64 r0;
	u8 stack[STACK];
	u8 mem[GEN_DATA];
};

static bool is_mine(uptr at, u32 size)
{
	uptr stack = at - (uptr)arena.stack, mem = at - (uptr)arena.mem;
	return (stack < STACK && stack + size <= STACK) || (mem < GEN_DATA && mem + size <= GEN_DATA);
}

/* Most words of the memory hold their own address, so a cmpxchg at what it compares with succeeds. */
static void set_up(const u64 start[10])
{
	for (u32 i = 0; i < GEN_DATA; i++)
		arena.mem[i] = (u8)(i * 37);
	for (u32 i = 24; i < GEN_DATA; i += 8)
		memcpy(arena.mem + i, &(u64){ (uptr)arena.mem + i }, 8);
	memset(arena.stack, 0x5a, STACK);
	memcpy(arena.stack, start, 10 * sizeof(*start));
}

static void keep(struct outcome *o, u64 r0)
{
	o->r0 = r0;
	memcpy(o->stack, arena.stack, STACK);
	memcpy(o->mem, arena.mem, GEN_DATA);
}

/* Where Rn comes from and goes to. */
static i32 slot(u32 n)
{
	return 8 * (i32)n - STACK;
}

/* ---- making ---- */

/* The few registers: R0, with which cmpxchg compares, and 2 or 3 more. */
static u32 few_registers(struct gen *g)
{
	u32 few = 1, count = 3 + once_in(g, 2);
	while ((u32)__builtin_popcount(few) < count)
		few |= 1u << reg(g, few);
	return few;
}

/* 8 bytes of the memory or the stack. */
static uptr some_address(struct gen *g, bool on_stack)
{
	return on_stack ? (uptr)arena.stack + STACK - 8 * (1 + below(g, GEN_STACK / 8))
			: (uptr)arena.mem + 8 * below(g, GEN_DATA / 8);
}

static u64 start_value(struct gen *g, u32 how)
{
	if (how < 4)
		return some_address(g, how == 3);
	if (how < 5)
		return MODEL_BAD;
	return how < 7 ? 8 * below(g, 5) : how < 9 ? below(g, 16) : number(g);
}

/* Addresses stay addresses in all starts. */
static void make_starts(struct gen *g, struct dense *d)
{
	memset(d->starts, 0, sizeof(d->starts));
	for (u32 r = 0; r < 10; r++) {
		u32 how = below(g, 12);
		u64 first = r == 6 ? (uptr)arena.mem : start_value(g, how);
		for (u32 i = 0; i < DENSE_STARTS; i++)
			d->starts[i][r] = r == 6 || how < 5 ? first : start_value(g, how);
	}
}

/* What the instruction before wrote, if it is one of the few registers. */
static u32 last_dst(struct gen *g)
{
	u32 dst = g->insns[g->count - 1].dst;
	return dst == BPF_FP || g->pointers & 1u << dst ? any_dst(g) : dst;
}

/* Room for 8 bytes near where some register leads, by the first start and if no jump is taken. */
static bool find_place(struct gen *g, const struct dense *d, struct place *p)
{
	struct model m = { .r = { [BPF_FP] = (uptr)arena.stack + STACK }, .is_mine = is_mine };
	set_up(d->starts[0]);
	model_run(&m, g->insns, g->count);
	uptr target = some_address(g, once_in(g, 2));
	u32 first = once_in(g, 2) ? last_dst(g) : draw(g);
	for (u32 i = 0; i < 10; i++) {
		u32 r = (first + i) % 10;
		i64 off = (i64)(target - m.r[r]);
		if (g->pointers & 1u << r || off < -GEN_DATA || off > GEN_DATA)
			continue;
		*p = (struct place){ r,
				     once_in(g, 2) && is_mine(m.r[r], 8) && m.r[r] % 8 == 0 ? 0 : (i32)off };
		return true;
	}
	return false;
}

/* An access by a register that leads somewhere, perhaps a sum just made; if none does, one is made that
 * does. */
static void add_near_access(struct gen *g, const struct dense *d)
{
	struct place p = { 6, (i32)below(g, GEN_DATA - 8) };
	if (once_in(g, 2))
		alu_x(g, ADD, true, any_dst(g), any_src(g));
	if (!find_place(g, d, &p))
		alu_x(g, MOV, true, any_dst(g), once_in(g, 4) ? BPF_FP : 6);
	u32 how = below(g, 4);
	if (how == 0)
		gen_atomic(g, p);
	else if (how == 1)
		add(g, 0xdb, p.base, any_src(g), p.off, 0xf1);
	else
		gen_access(g, p, any_dst(g));
}

/* What one program is made of: little, so that it meets itself again. */
struct style {
	u8 codes[4], code_count; /* of arithmetic */
	u8 units[3];             /* of the table below */
	u32 plain_in_8;          /* units that are one instruction of such a code */
};

/* NULL: add_near_access. */
static void (*const units[])(struct gen *g) = {
	unit_alu,    unit_unary,  unit_remainder, unit_constant, unit_shift,   unit_rotate,
	unit_extend, unit_copy,   unit_skip,      unit_choose,   unit_zero,    unit_remainder,
	unit_atomic, unit_access, unit_operand,   unit_address,  unit_nowhere, unit_own_address,
	unit_jump,   unit_sum,    unit_sum,       NULL,          NULL,         NULL,
};

enum { SWAP = 0xd0 }; /* of bytes */

static struct style choose_style(struct gen *g)
{
	static const u8 codes[] = { SUB, MUL, OR,   AND, XOR, LSH,  LSH, LSH,
				    LSH, RSH, ARSH, DIV, MOD, SWAP, SWAP };
	struct style s = { .codes = { ADD, MOV },
			   .code_count = 3 + below(g, 2),
			   .plain_in_8 = 4 + below(g, 5) };
	for (u32 i = 2; i < array_len(s.codes); i++)
		s.codes[i] = codes[below(g, array_len(codes))];
	for (u32 i = 0; i < array_len(s.units); i++)
		s.units[i] = (u8)below(g, array_len(units));
	return s;
}

static void add_swap(struct gen *g, u32 dst)
{
	static const u8 ops[] = { OPCODE_LE16, OPCODE_BE16, OPCODE_BSWAP16 };
	add(g, ops[below(g, array_len(ops))], dst, 0, 0, 16 << below(g, 3));
}

/* Often on what the instruction before made. */
static void add_plain(struct gen *g, const struct style *s)
{
	static const i8 some[] = { 8, 16, 24, 31, 32, 33, 48, 56, 63, 64, 9, 10, -1, -2, -8, 127 };
	u32 how = draw(g), code = s->codes[below(g, s->code_count)], dst = last_dst(g);
	bool wide = how & 6;
	if (how & 1)
		dst = any_dst(g);
	if (code == SWAP)
		add_swap(g, dst);
	else if (how & 8)
		alu_x(g, code, wide, dst, any_src(g));
	else if (how & 16)
		alu_k(g, code, wide, dst, how >> 5);
	else if (how & 32)
		alu_k(g, code, wide, dst, some[below(g, array_len(some))]);
	else
		alu_k(g, code, wide, dst, (i64)number(g));
}

static void add_dense_unit(struct gen *g, const struct dense *d, const struct style *s)
{
	u32 unit = s->units[below(g, array_len(s->units))];
	if (below(g, 8) < s->plain_in_8)
		add_plain(g, s);
	else if (units[unit])
		units[unit](g);
	else
		add_near_access(g, d);
}

void dense_make(struct dense *d, const u8 *bytes, size_t len)
{
	struct gen g = { .bytes = bytes,
			 .len = min(len, (size_t)DENSE_BYTES_MAX),
			 .insns = d->insns,
			 .may_split_lines = true };
	next_window(&g);
	u32 few = few_registers(&g);
	struct style style = choose_style(&g);
	g.live = once_in(&g, 2) ? ~0u : draw(&g) | draw(&g) << 8;
	make_starts(&g, d);
	g.pointers = 0x3ff & ~few;
	for (u32 r = 0; r < 10; r++)
		if (few & 1u << r || r == 6)
			add(&g, 0x79, r, BPF_FP, slot(r), 0);
	for (; g.count < DENSE_INSNS_MAX - DENSE_LEFT && next_window(&g); g.units++) {
		gen_bind_jumps(&g, true);
		add_dense_unit(&g, d, &style);
	}
	g.units += 64; /* further than any jump wanted to go */
	gen_bind_jumps(&g, true);
	for (u32 r = 0; r < 10; r++)
		if (few & 1u << r && g.live >> r & 1)
			add(&g, 0x7b, BPF_FP, r, slot(r), 0);
	add(&g, 0x95, 0, 0, 0, 0);
	d->count = g.count;
}

/* ---- running ---- */

/* Calls compiled code with R10 at the end of the arena's stack and zeroes in the other registers. */
static u64 call(const struct prog *p)
{
	u64 r0 = 0;
	register u64 top __asm__("r9") = (uptr)arena.mem;
	register u64 entry __asm__("r11") = (uptr)p->entry;
	__asm__ volatile("mov %%rsp, %%r12; mov %1, %%rsp\n"
			 "xor %%edi, %%edi; xor %%esi, %%esi; xor %%edx, %%edx; xor %%ecx, %%ecx\n"
			 "xor %%r8d, %%r8d; xor %%ebx, %%ebx; xor %%r13d, %%r13d\n"
			 "xor %%r14d, %%r14d; xor %%r15d, %%r15d\n"
			 "call *%2; mov %%r12, %%rsp"
			 : "+a"(r0), "+r"(top), "+r"(entry)
			 :
			 : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r10", "r12", "r13", "r14", "r15",
			   "memory", "cc");
	return r0;
}

/* What must come out; false if the model strays. */
static bool predict(struct outcome *o, const struct dense *d, u32 start)
{
	struct model m = { .r = { [BPF_FP] = (uptr)arena.stack + STACK }, .is_mine = is_mine };
	set_up(d->starts[start]);
	model_run(&m, d->insns, d->count - 1);
	keep(o, m.r[0]);
	return !m.strayed;
}

static bool run(const struct prog *p, const struct dense *d, u32 start, struct strbuf *log)
{
	static struct outcome want, got;
	if (!predict(&want, d, start))
		return true;
	set_up(d->starts[start]);
	keep(&got, call(p));
	if (!memcmp(&want, &got, sizeof(want)))
		return true;
	str_printf(log, "start %u: r0 0x%llx, not 0x%llx;", start, got.r0, want.r0);
	for (u32 i = 0; i < STACK; i += 8)
		if (memcmp(want.stack + i, got.stack + i, 8))
			str_printf(log, " [r10 - %u]", STACK - i);
	for (u32 i = 0; i < GEN_DATA; i += 8)
		if (memcmp(want.mem + i, got.mem + i, 8))
			str_printf(log, " [r6 + %u]", i);
	return false;
}

enum err dense_run(const struct dense *d, struct strbuf *log)
{
	struct prog *p;
	enum err e = prog_load_raw(&p, "dense", d->insns, d->count, PROG_JIT, log);
	if (e)
		return e;
	for (u32 i = 0; !e && i < DENSE_STARTS; i++)
		e = run(p, d, i, log) ? OK : EFAULT;
	prog_free(p);
	return e;
}
