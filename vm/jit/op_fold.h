/* SPDX-License-Identifier: MIT */
/* What is known of the registers while op_fold.c walks a program: op_sum.c of sums, op_value.c of other
 * values. For these three files only. */
#pragma once
#include "vm/jit/op.h"

/* A value as base + (index << shift) + disp, by the numbers of the values; 0: none. Without an index the
 * shift is 0, because what is added next may become the index. */
struct sum {
	u32 base, index;
	u8 shift;
	i32 disp;
};

/* A value as another one shifted by a constant. of is a number; at 32 bits the number of the low half. */
struct shifted {
	u32 of;
	u8 count;
	bool left, wide;
};

/* A value as a quotient, or as a quotient multiplied by its divisor; all by their numbers. */
struct quotient {
	u32 of, by, number;
	u8 kind; /* of the division; OP_GONE: none */
	bool is_product;
};

struct value {
	u32 number;
	u32 low;    /* number of the low half */
	u32 before; /* number of the value that this one replaced */
	u32 born; /* 1 + the op that put it into this register; what was there before the first op is older */
	bool is_read; /* since then; or it can be read where a jump leads */
	bool is_u32;  /* the upper half is 0 */
	struct sum sum;
	struct shifted shifted;
	struct quotient quotient;
};

struct fold {
	struct ops *o;
	struct value reg[BPF_REGS];
	u32 numbers;    /* how many are in use */
	u32 idx;        /* the op in work */
	u32 always_u32; /* registers whose upper half is 0 in the whole function */
};

/* A new value, which the op in work puts into a register. */
struct value value_new(struct fold *f);

/* The register that has held a value for longest: the value of that number, or if not wide any with that
 * number of its low half. OP_NO_REG if no register holds it. */
u32 value_holder(const struct fold *f, u32 number, bool wide);

/* A register to read instead of reg: it holds the same in all 64 bits, or if not wide in the low 32. */
u32 value_instead(const struct fold *f, u32 reg, bool wide);

/* What the op in work puts into its destination. */
struct value value_of_op(struct fold *f, const struct op *op);

/* Whether op has the kind that goes with the width of the division. */
bool quotient_has_width(const struct op *op, const struct quotient *q, u8 kind64, u8 kind32);

/* Gives an access (its address is op->a + op->disp) the best memory operand. */
void sum_fold_address(struct fold *f, struct op *op);

/* Whether the op's result is a sum. */
bool sum_of_op(const struct fold *f, const struct op *op, struct sum *s);
