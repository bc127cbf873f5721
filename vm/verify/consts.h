/* SPDX-License-Identifier: MIT */
/* What the registers of a program hold, as far as it is constant, and which instructions can run.
 *   - Where paths meet, a register is known as far as the paths agree.
 *   - A jump on a known condition has one path. An instruction to which no path leads is not reached.
 *   - A load from a read-only map is a constant. Values on the stack are not followed.
 *
 *      struct consts c = { .p = p, .marks = marks };
 *      enum err e = consts_find(&c);
 *      for (consts_start(&c); consts_next(&c);)
 *              ... instruction c.idx is reached; c.r[0..10] is what is known before it ...
 *      consts_free(&c);                                                                     */
#pragma once
#include "vm/flow.h"

enum known_kind {
	KNOWN_NOTHING, /* not reached */
	KNOWN_NUMBER,  /* n */
	KNOWN_MAP,     /* the address of map `map` of the object */
	KNOWN_VALUE,   /* the address of byte n of that map's values, which is an array's */
	KNOWN_WITHIN,  /* the address of any byte of them, or 0 after a look-up that failed */
	KNOWN_FUNCS,   /* the address of a function of the program: bit i of n for p->taken[i] */
	KNOWN_ANY,
	KNOWN_CONTEXT, /* the context's address + n, or anything else */
	KNOWN_NEAR,    /* the context's address + any number, or anything else */
};

struct known {
	enum known_kind kind;
	u32 map;
	u64 n;
};

struct consts {
	/* The caller sets these two. The structure of p must be verified and p->taken set. */
	const struct prog *p;
	const u8 *marks;

	u32 idx; /* the instruction that the walk is at */
	struct known r[BPF_REGS];

	/* consts.c's own */
	struct consts_label *labels; /* what is known where paths meet */
	u32 *label_at;               /* of each instruction: 1 + its label's number, 0 if it has none */
	u32 func;                    /* number of the label of the function that idx is in */
	u32 next;                    /* where the walk goes on */
	bool falls;                  /* the instruction before leads there */
	bool changed;                /* a label has become less known */
	bool lost;                   /* too many rounds or labels: all is reached, nothing is known */
};

/* Finds what is constant. Fails only with ENOMEM; then the caller has nothing to free. */
enum err consts_find(struct consts *c);
void consts_free(struct consts *c);

/* Walk over the instructions that are reached, in their order. consts_next returns false at the end. */
void consts_start(struct consts *c);
bool consts_next(struct consts *c);

/* Returns what is known of R0 at the end of the function that starts at start. */
struct known consts_result(const struct consts *c, u32 start);
