/* SPDX-License-Identifier: MIT */
/* What the parts of the generator share:
 *
 *      clang.c          functions, branches, loops, calls
 *      clang_number.c   variables, numbers, bounds
 *      clang_memory.c   accesses and maps
 *      clang_helper.c   helpers that fill memory, or print it
 *      clang_held.c     records and locks
 *      clang_passed.c   iterators; functions that get one, or a record
 *      clang_given.c    functions that give a number or an address to their caller
 *      clang_global.c   functions that are not static; tail calls
 *      wrong.c          mistakes */
#pragma once
#include "tests/fuzz/proof/proof.h"

enum { VARS = 7, SAVED = 3, OUTS = 64 }; /* three are registers, four are slots */
enum { BUFFER = -128, BUFFER_SIZE = 64, KEY = -136, VALUE = -184, CELL = -192, FILL = -264, RECORD = -40 };
enum { ITERS = 2, ITER = -208, OTHER_ITER = -48, NUMBER = -56, OUT = -64 };
enum var_kind { VAR_NONE, VAR_NUMBER, VAR_VALUE, VAR_OBJECT, VAR_SMALL };

struct var {
	enum var_kind kind;
	u32 size; /* of the value; VAR_SMALL: the largest number */
};

/* What a function is given, and does. The first three are made of any statements. */
enum func {
	FUNC_SUB,        /* R1: 16 bytes; R2: a number */
	FUNC_LOOP,       /* a callback of bpf_loop with 64 bytes */
	FUNC_EACH,       /* one of bpf_for_each_map_elem */
	FUNC_NEXT,       /* R1: an iterator, of which it returns the next number's address */
	FUNC_NEXT_BELOW, /* calls FUNC_NEXT for it */
	FUNC_LOOP_NEXT,  /* a callback of bpf_loop with an iterator */
	FUNC_OPEN,       /* R1: where an iterator is opened; R2: its end */
	FUNC_CLOSE,      /* R1: an iterator, which it closes */
	FUNC_RESERVE,    /* returns a record of 16 bytes, or NULL */
	FUNC_FILL,       /* R1: a record; R2: a number */
	FUNC_LOOP_FILL,  /* a callback of bpf_loop; R2: where the address of a record lies */
	FUNC_GIVE,       /* R1: a record, which it submits or discards; R2: a number */
	FUNC_GIVE_BELOW, /* calls FUNC_GIVE for it */
	FUNC_TAIL,       /* R1: the context; R2: a number; ends in a tail call */
	FUNC_SET,        /* R1: where it stores a number; R2: a number */
	FUNC_SET_BELOW,  /* calls FUNC_SET for it */
	FUNC_LOOP_SET,   /* a callback of bpf_loop that stores a number */
	FUNC_CHOOSE,     /* R2: a number; returns one */
	FUNC_LEAD,       /* R1: where it stores an address */
	FUNC_LEAD_BELOW, /* calls FUNC_LEAD for it */
	FUNC_KEEP,       /* a callback of bpf_for_each_map_elem that stores an address */
	FUNC_IS_SMALL,   /* R1: a number, which it tests; R2: a number */
	FUNC_IS_THERE,   /* R1: an address, or NULL; R2: a number */
	FUNC_PICK,       /* R1, R2: numbers, of which it returns one */
	FUNC_NUMBERS,    /* ORDER GLOBALS: those that are not static, as types.c says */
	FUNC_MEMORY,
	FUNC_PRESENT,
	FUNC_CONTEXT,
	FUNC_MIXED,
};

struct call_site {
	u32 idx;
	enum func kind;
	u32 in; /* the number of the function that calls; 0: main */
};

struct function {
	u32 start;
	enum func kind;
};

enum { CALLS = 20 };

struct gen {
	struct made *m;
	u64 random;
	struct var vars[VARS];
	u32 outs[OUTS], out_count;
	u32 depth;
	bool has_context, buffer_set;
	bool has_iter;     /* R6 is the address of an iterator */
	bool holds_record; /* in its slot */
	bool is_small;     /* main takes no address of its stack, so that it may wait for a tail call */
	bool may_tail;     /* the function may make one */
	u32 iters;         /* that are open, in their slots */
	struct call_site calls[CALLS]; /* instructions that name a function, patched when it is made */
	u32 call_count;
	struct function functions[CALLS + 1];
	u32 function; /* the number of the one that is being made */
};
extern struct gen g;

static inline u32 below(u32 n)
{
	return random_below(&g.random, n);
}

static inline bool chance(u32 of)
{
	return below(of) == 0;
}

static inline void uses(enum feature f)
{
	g.m->features |= 1ull << f;
}

static inline u32 emit(u8 op, u32 dst, u32 src, i32 off, i32 imm)
{
	if (g.m->count < INSNS)
		g.m->insns[g.m->count++] = (struct insn){ op, (u8)(dst & 15), (u8)(src & 15), (i16)off, imm };
	return g.m->count - 1;
}

static inline void mov(u32 dst, u32 src)
{
	emit(OPCODE_MOV64_X, dst, src, 0, 0);
}

static inline void mov_imm(u32 dst, i32 imm)
{
	emit(chance(2) ? OPCODE_MOV64_K : imm < 0 ? OPCODE_MOV64_K : OPCODE_MOV32_K, dst, 0, 0, imm);
}

static inline void alu(u32 operation, bool wide, u32 dst, i32 imm)
{
	emit((u8)(operation << 4 | (wide ? CLASS_ALU64 : CLASS_ALU32)), dst, 0, 0, imm);
}

static inline void alu_reg(u32 operation, bool wide, u32 dst, u32 src)
{
	emit((u8)(operation << 4 | SOURCE_REG | (wide ? CLASS_ALU64 : CLASS_ALU32)), dst, src, 0, 0);
}

static inline u32 jump(u32 operation, bool wide, u32 dst, i32 imm)
{
	return emit((u8)(operation << 4 | (wide ? CLASS_JMP : CLASS_JMP32)), dst, 0, 0, imm);
}

static inline u32 jump_reg(u32 operation, bool wide, u32 dst, u32 src)
{
	return emit((u8)(operation << 4 | SOURCE_REG | (wide ? CLASS_JMP : CLASS_JMP32)), dst, src, 0, 0);
}

/* The jump at idx leads to the next instruction. */
static inline void land(u32 idx)
{
	g.m->insns[idx].off = (i16)(g.m->count - idx - 1);
}

/* The jump at idx leads to the function's end. */
static inline void out(u32 idx)
{
	if (g.out_count < OUTS)
		g.outs[g.out_count++] = idx;
}

/* The jumps out of the function that were made since there were count lead to the next instruction. */
static inline void land_outs(u32 count)
{
	while (g.out_count > count)
		land(g.outs[--g.out_count]);
}

static inline void access(u8 op, u32 dst, u32 src, i32 off, u32 size, i32 imm)
{
	u32 idx = emit(op, dst, src, off, imm);
	insn_set_size(&g.m->insns[idx], size);
}

static inline void load(u32 dst, u32 base, i32 off, u32 size)
{
	access(size < 8 && chance(6) ? OPCODE_LDXS32 : OPCODE_LDX64, dst, base, off, size, 0);
}

static inline void store(u32 base, i32 off, u32 src, u32 size)
{
	access(OPCODE_STX64, base, src, off, size, 0);
}

static inline void wide(u32 dst, u32 src, u64 imm)
{
	emit(OPCODE_LD_IMM64, dst, src, 0, (i32)imm);
	emit(0, 0, 0, 0, (i32)(imm >> 32));
}

static inline void call(u32 helper)
{
	emit(OPCODE_CALL, 0, 0, 0, (i32)helper);
}

static inline u32 any_size(void)
{
	return 1u << below(4);
}

/* clang.c */
void statements(u32 count);
void merge(const struct var *other); /* what is in vars after one of two ways: what is there on both */
bool can_call(void);                 /* there is room for one more */
void call_function(enum func kind);
void address_of_function(u32 reg, enum func kind);

void leave(void); /* ends a function, which returns R0, or 0 where a statement leaves it */

/* clang_number.c: variable v into a register, and back. */
void get(u32 reg, u32 v);
void put(u32 v, u32 reg, enum var_kind kind, u32 size);
i32 find_var(enum var_kind kind); /* any of that kind; -1: none */
void free_var(u32 *v);            /* any at all: what it holds is lost */

i32 some_imm(void);

/* Into reg: a number that nobody knows. A helper may have been called. */
void number(u32 reg);

/* The number in reg becomes 0 to limit, or the function ends; now and then it may be one more. */
void bound(u32 reg, u32 limit);

void do_number(void);
void do_arithmetic(void);
void do_narrow(void);
void do_reload(void);
void do_parts(void);
void do_distance(void);
void do_zeros(void);
void do_bounded(void);

/* clang_memory.c */
void set_buffer(void); /* most of its bytes are written */
void do_lookup(void);
void do_unchecked_lookup(void); /* into R0: a value, or NULL */
void look_up(u32 reg);          /* in the array, by that number, and use what is there */
void do_data(void);
void do_update(void);
void do_delete(void);
void do_index(void);
void do_small_index(void);
void do_constant_index(void);
void do_object(void);
void do_ordered(void);
void do_accumulate(void);
void touch(u32 base, i32 off, u32 size); /* loads or stores */

/* clang_helper.c */
void do_fill(void);
void do_probe(void);
void do_comm(void);
void do_frame(void);
void do_printk(void);
void do_vprintk(void);

/* clang_held.c */
void do_record(void);
void do_output(void);
void give_back(u32 reg); /* the record in reg */
void do_lock(void);

/* clang_passed.c */
void do_iterator(void);
void do_step(void);
void function_of_held(enum func kind);

/* clang_given.c */
enum { MOST = 7 }; /* the largest number that is given, unless by mistake */
u32 part_ways(
    void); /* a jump that either way may be taken at; then the walk keeps the state where they meet */
void use_number(void); /* relies on R1, which is 0 to MOST */
void do_out(void);
void do_chosen(void);
void do_pointer(void);
void do_keep(void);
void do_tested(void);
void do_picked(void);
void function_that_gives(enum func kind);

/* clang_global.c */
void do_global(void);
void do_tail_call(void);
void call_function_of_tail(void);
void function_of_tail(void);
void function_of_global(enum func kind);
u32 global_type(enum func kind); /* 0: it is static */

/* wrong.c: changes one or two instructions. */
void mutate(void);
