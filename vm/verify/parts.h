/* SPDX-License-Identifier: MIT */
/* What the parts of the verifier share:
 *
 *      verify.c  the passes in their order; each instruction alone; where control goes
 *      calls.c   what may be called with what, and how deep functions nest
 *      values.c  what can be told of constants
 *      context.c which slots of the context are read
 *      refuse.c  how each of them says no */
#pragma once
#include "vm/flow.h"
#include "vm/verify/verify.h"

/* Of a function, at its first instruction; and of a call. */
struct reach {
	u64 callees; /* of a call that is chosen at run time: bit i for p->taken[i]; all ones: any of them */
	u8 frames;   /* how many it needs, its own included; 0: not known yet */
	bool busy;   /* it is being looked at: who comes here again is recursive */
	i16 kept;    /* bytes of frames from here down that wait while one below tail-calls; -1: none does */
};

struct verify {
	struct prog *p;
	struct strbuf *log;
	u8 *marks;
	struct reach *reach; /* one for each instruction */
	u32 main_end;        /* the first function's end */
	u32 taken_frames;    /* how many those need whose address is taken, as far as it is known */
};

enum { MARK_TAKEN = MARK_FREE }; /* the address of the function that starts here is taken */

#define ALL_SLOTS (~0ull) /* of the context: p->facts.reads */

/* Writes the sentence with the index before it; EINVAL. */
enum err verify_refuse(struct verify *v, u32 idx, const char *fmt, ...) printf_like(3, 4);

/* Calls of helpers and of functions of the kernel: that there is such a one, that it is for this program,
 * and that its arguments are what they must be constants for. Notes the facts that follow. */
enum err verify_helper(struct verify *v, u32 idx);
enum err verify_kfunc(struct verify *v, u32 idx);
void verify_callx(struct verify *v);

/* What registers hold, and how functions nest. Needs all jumps and calls to be checked. */
enum err verify_functions(struct verify *v);

/* Of verify_functions: what registers must hold, or must not, where that is known: no store to what is read
 * only, no result but 0 where nothing else is allowed, functions where functions are called. Notes in
 * v->reach what is called where that is chosen at run time. */
enum err verify_values(struct verify *v);

/* Of verify_values: adds to p->facts.reads what the instruction that the walk has come to reads of the context. */
struct consts;
void verify_note_reads(struct verify *v, const struct consts *c);
