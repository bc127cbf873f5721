/* SPDX-License-Identifier: MIT */
/* What op_fold.c knows of the registers while it walks a program. op_sum.c deals with sums, op_value.c
 * with other values. For these three files only. */
#pragma once
#include "vm/jit/op.h"

/* A value as base + (index << shift) + disp. base and index are numbers of values; 0: none. Without an
 * index the shift is 0, because the next value that is added may become the index. */
struct sum {
	u32 base, index;
	u8 shift;
	i32 disp;
};

/* A value as another one shifted by a constant. of is that one's number; at 32 bits, of its low half. */
struct shifted {
	u32 of;
	u8 count;
	bool left, wide;
};

/* A value as a quotient, or as a quotient multiplied by its divisor. All values by their numbers. */
struct quotient {
	u32 of, by, number;
	u8 kind; /* of the division; OP_GONE: none */
	bool is_product;
};

struct value {
	u32 number;
	u32 low;      /* number of the low half */
	u32 before;   /* number of the value that this one replaced */
	u32 born;     /* 1 + the op that put it into this register; a target's index if it was there before */
	bool is_read; /* an op has read it since then, or may do so where a jump leads */
	bool is_u32;  /* the upper half is 0 */
	struct sum sum;
	struct shifted shifted;
	struct quotient quotient;
};

struct fold {
	struct ops *o;
	struct value reg[BPF_REGS];
	u32 numbers;    /* how many are in use */
	u32 idx;        /* the current op */
	u32 always_u32; /* registers whose upper half is 0 in the whole function */
};

/* Returns a new value, which the current op puts into a register. */
struct value value_new(struct fold *f);

/* Returns the register that has held a value for longest; OP_NO_REG if none holds it. number is that of
 * the value, or, if not wide, that of its low half. */
u32 value_holder(const struct fold *f, u32 number, bool wide);

/* Returns a register to read instead of reg. It holds the same in all 64 bits; if not wide, in the low 32. */
u32 value_instead(const struct fold *f, u32 reg, bool wide);

/* Returns the value that the current op puts into its destination. */
struct value value_of_op(struct fold *f, const struct op *op);

/* Whether op has the kind of the two that has the width of the division. */
bool quotient_has_width(const struct op *op, const struct quotient *q, u8 kind64, u8 kind32);

/* Finds the best memory operand for an access whose address is op->a + op->disp. */
void sum_fold_address(struct fold *f, struct op *op);

/* Whether the op's result is a sum; then *s is that sum. */
bool sum_of_op(const struct fold *f, const struct op *op, struct sum *s);
