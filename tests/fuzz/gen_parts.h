/* SPDX-License-Identifier: MIT */
/* What the parts of the generator share.
 *
 *      gen.c          the whole: functions, loops, jumps between units
 *      gen_alu.c      units that calculate and decide
 *      gen_memory.c   units that load and store
 *      gen_call.c     units that call
 *
 * dense.c makes short programs of the same units, of those that do not call.
 * Between two units:
 *
 *      R6            points to the memory
 *      R0-R5, R7-R9  hold numbers, none of them made of an address. What a loop counts in, or walks over
 *                    the memory with, is in `counters` or `pointers`, and no other unit writes it
 *      the stack     holds numbers: 48 bytes for all, below them the counters of loops
 * So any unit may follow any other, and a jump may lead to the beginning of any later unit. No jump leads
 * into a loop, and a jump out of a loop leads to its end; so every loop ends. */
#pragma once
#include "kernel/lib/mem.h"
#include "tests/fuzz/gen.h"

enum { FUNCS_MAX = 4, LOOPS_MAX = 3, JUMPS_MAX = 512, CALLS_MAX = 3, INSNS_LEFT = 320 };
enum { KEY_AT = -GEN_STACK - 8 * (LOOPS_MAX + 1) }; /* the stack's last word in use: a key of a map */

/* The upper four bits of arithmetic and jumps: RFC 9669, tables 6 and 10. */
enum { ADD = 0x00, SUB = 0x10, MUL = 0x20, DIV = 0x30, OR = 0x40, AND = 0x50, LSH = 0x60, RSH = 0x70 };
enum { MOD = 0x90, XOR = 0xa0, MOV = 0xb0, ARSH = 0xc0 };
enum { JEQ = 0x10, JNE = 0x50, JLT = 0xa0, JSLT = 0xc0 };

enum loop_kind { COUNT_DOWN, COUNT_UP, COUNT_IN_STACK, TEST_FIRST, LOOP_KINDS };

struct loop {
	enum loop_kind kind;
	bool wide;
	u8 counter, pointer; /* registers; 0 if there is none */
	u32 head, count;
	u32 weight; /* of the code outside */
};

struct gen {
	const u8 *bytes; /* what is left of them */
	size_t len;
	u8 window[8]; /* the unit's, ... */
	u32 drawn;    /* ... how many of them it has used; then it goes on with */
	u64 random;

	struct insn *insns;
	u32 count, units;       /* of all functions */
	u32 counters, pointers; /* bit n: Rn is one */
	struct loop loops[LOOPS_MAX];
	u32 depth, weight; /* how often a unit runs in one run of its function */
	struct {
		u32 insn, unit, depth;
	} jumps[JUMPS_MAX]; /* that wait for their targets */
	u32 jump_count;
	struct call {
		u32 insn, func;
		bool is_callback; /* by way of a function that makes a callback's arguments ours */
	} calls[FUNCS_MAX * CALLS_MAX];
	u32 call_count, calls_here;
	bool takes_addresses;  /* of functions */
	bool tail_calls_below; /* not only in main; then no address of the stack is taken: PROG_KEPT_MAX */
	bool may_split_lines;  /* with atomics, for which some machines stop for milliseconds */
	u32 func, func_at[FUNCS_MAX];
	u32 live; /* bit n: Rn, bit 10 + n: 8 bytes of the stack, are part of the result */
};

/* ---- drawing ---- */

/* Goes on to the next 8 bytes; false when they are all used. */
static inline bool next_window(struct gen *g)
{
	if (g->len < sizeof(g->window))
		return false;
	memcpy(g->window, g->bytes, sizeof(g->window));
	memcpy(&g->random, g->bytes, sizeof(g->random));
	g->bytes += sizeof(g->window);
	g->len -= sizeof(g->window);
	g->drawn = 0;
	return true;
}

static inline u32 draw(struct gen *g)
{
	if (g->drawn < sizeof(g->window))
		return g->window[g->drawn++];
	g->random = g->random * 6364136223846793005ull + 1442695040888963407ull;
	return (u8)(g->random >> 56);
}

static inline u32 below(struct gen *g, u32 limit)
{
	return draw(g) % limit;
}

static inline bool once_in(struct gen *g, u32 n)
{
	return below(g, n) == 0;
}

static const u64 edges[] = {
	0,          1,           2,          3,          4,          5,          7,          8,
	9,          10,          15,         16,         24,         31,         32,         33,
	48,         56,          63,         64,         65,         100,        127,        128,
	255,        256,         1000,       0x7fff,     0x8000,     0xffff,     10000,      0x7fffffff,
	0x80000000, 0x80000001,  0xfffffffe, 0xffffffff, 1000000007, 1ull << 32, 3ull << 31, 1ull << 63,
	~0ull >> 1, ~0ull << 31, ~0ull,      ~1ull,      ~2ull,      ~6ull,      ~9ull,      ~0x7full,
	~0x80ull,   ~0x7fffull,  ~0xffffull,
};

static inline u64 number(struct gen *g)
{
	u64 value = 0;
	u32 how = draw(g);
	if (how < 192)
		return edges[how % array_len(edges)];
	for (u32 i = 0; i < (how < 224 ? 4 : 8); i++)
		value = value << 8 | draw(g);
	return value;
}

/* Returns a register that holds a number and is not in the mask. There always is one. */
static inline u32 reg(struct gen *g, u32 mask)
{
	static const u8 regs[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9 };
	u32 i = below(g, array_len(regs));
	while (mask & 1u << regs[i])
		i = (i + 1) % array_len(regs);
	return regs[i];
}

static inline u32 any_src(struct gen *g)
{
	return reg(g, g->pointers);
}

static inline u32 any_dst(struct gen *g)
{
	return reg(g, g->pointers | g->counters);
}

/* ---- writing ---- */

static inline void add(struct gen *g, u32 op, u32 dst, u32 src, i32 off, i32 imm)
{
	g->insns[g->count++] =
	    (struct insn){ .op = (u8)op, .dst = dst & 15, .src = src & 15, .off = (i16)off, .imm = imm };
}

static inline void add_imm64(struct gen *g, u32 dst, u64 value)
{
	add(g, 0x18, dst, 0, 0, (i32)value);
	add(g, 0, 0, 0, 0, (i32)(value >> 32));
}

static inline void alu_k(struct gen *g, u32 code, bool wide, u32 dst, i64 imm)
{
	add(g, code | (wide ? 7 : 4), dst, 0, 0, (i32)imm);
}

static inline void alu_x(struct gen *g, u32 code, bool wide, u32 dst, u32 src)
{
	add(g, code | 8 | (wide ? 7 : 4), dst, src, 0, 0);
}

static inline void add_number(struct gen *g, u32 dst)
{
	u32 how = below(g, 4);
	u64 value = number(g);
	if (how == 0)
		add_imm64(g, dst, value);
	else
		alu_k(g, MOV, how != 1, dst, (i64)value);
}

/* Any arithmetic on two operands. */
static inline void add_alu(struct gen *g, u32 dst)
{
	static const u8 codes[] = {
		ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, MOD, XOR, MOV, ARSH, ADD, AND, LSH
	};
	static const u8 extends[] = { 0, 8, 16, 32 };
	u32 how = draw(g), code = codes[how % array_len(codes)];
	bool wide = how & 128, from_reg = once_in(g, 2);
	u32 signs = code == DIV || code == MOD ? below(g, 2) : 0;
	if (!from_reg) {
		alu_k(g, code, wide, dst, (i64)number(g));
	} else {
		alu_x(g, code, wide, dst, any_src(g));
		if (code == MOV)
			signs = extends[below(g, wide ? 4 : 3)];
	}
	g->insns[g->count - 1].off = (i16)signs;
}

/* A conditional jump over `over` instructions. */
static inline void add_if(struct gen *g, i32 over)
{
	static const u8 codes[] = { 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0 };
	u32 how = draw(g), code = codes[how % array_len(codes)], class = how & 128 ? 5 : 6;
	if (once_in(g, 2))
		add(g, code | class | 8, any_src(g), any_src(g), over, 0);
	else
		add(g, code | class, any_src(g), 0, over, once_in(g, 2) ? 0 : (i32)number(g));
}

/* Sometimes puts other code between two parts of a pattern. */
static inline void gen_maybe_between(struct gen *g)
{
	if (once_in(g, 8))
		add_alu(g, any_dst(g));
}

/* ---- what one part does for another ---- */

/* A jump that is to lead to where the next instruction will be. */
void gen_set_distance(struct gen *g, u32 insn);

/* Here end the jumps out of a loop; between two units, also those that wait for a target. */
void gen_bind_jumps(struct gen *g, bool between);

/* Room for 8 bytes at base + off. */
struct place {
	u32 base;
	i32 off;
};

/* Writes any access. It may load over t, which may hold an address; returns true if it does. */
bool gen_access(struct gen *g, struct place p, u32 t);
void gen_atomic(struct gen *g, struct place p);

/* Sets the targets of all calls of functions, and adds the functions that are missing. */
void gen_bind_calls(struct gen *g);

/* Units. */
void unit_alu(struct gen *g);
void unit_unary(struct gen *g);
void unit_number(struct gen *g);
void unit_constant(struct gen *g);
void unit_shift(struct gen *g);
void unit_rotate(struct gen *g);
void unit_extend(struct gen *g);
void unit_copy(struct gen *g);
void unit_sum(struct gen *g);
void unit_remainder(struct gen *g);
void unit_jump(struct gen *g);
void unit_skip(struct gen *g);
void unit_choose(struct gen *g);
void unit_zero(struct gen *g);
void unit_access(struct gen *g);
void unit_atomic(struct gen *g);
void unit_operand(struct gen *g);
void unit_neighbours(struct gen *g);
void unit_address(struct gen *g);
void unit_own_address(struct gen *g);
void unit_nowhere(struct gen *g);
void unit_value(struct gen *g);
void unit_lookup(struct gen *g);
void unit_update(struct gen *g);
void unit_call(struct gen *g);
void unit_tail_call(struct gen *g);
