/* SPDX-License-Identifier: MIT */
/* What the parts of the verifier share:
 *
 *      verify.c  the passes in their order; each instruction alone; where control goes
 *      calls.c   what may be called with what, and how deep functions nest
 *      values.c  what must hold of registers that are constant
 *      context.c which slots of the context are read
 *      refuse.c  how each of them says no */
#pragma once
#include "vm/flow.h"
#include "vm/verify/verify.h"

/* Of a function, at its first instruction; and of a call. */
struct reach {
	u64 callees; /* of a call that is chosen at run time: bit i for p->taken[i]; all ones: any of them */
	u8 frames;   /* how many it needs, its own included; 0: not known yet */
	bool busy;   /* being followed now: to come here again is recursion */
	i16 kept;    /* bytes of frames from here down that wait while one below tail-calls; -1: none does */
};

struct verify {
	struct prog *p;
	struct strbuf *log;
	u8 *marks;
	struct reach *reach; /* one for each instruction */
	u32 main_end;        /* the first function's end */
	u32 taken_frames;    /* how many frames the functions need whose address is taken, as far as known */
};

enum { MARK_TAKEN = MARK_FREE }; /* the address of the function that starts here is taken */

#define ALL_SLOTS (~0ull) /* of the context: p->facts.reads */

/* Writes the sentence with the index before it and the line of C behind it; returns EINVAL. */
enum err verify_refuse(struct verify *v, u32 idx, const char *fmt, ...) printf_like(3, 4);

/* Calls of helpers and of functions of the kernel: it exists, it is for this program, and the arguments that
 * must be constants are. Sets the facts that follow. */
enum err verify_helper(struct verify *v, u32 idx);
enum err verify_kfunc(struct verify *v, u32 idx);
void verify_callx(struct verify *v);

/* Checks what registers hold, and how functions nest. All jumps and calls must be checked before. */
enum err verify_functions(struct verify *v);

/* Of verify_functions, where registers are known:
 *
 *   - no store to what is read only;
 *   - no result but 0 where no other is allowed;
 *   - a function where a function is called.
 *
 * Sets v->reach[].callees of calls that are chosen at run time, and p->facts.reads. */
enum err verify_values(struct verify *v);

/* Of verify_values: adds to p->facts.reads what the instruction at c->idx reads of the context. */
struct consts;
void verify_note_reads(struct verify *v, const struct consts *c);
