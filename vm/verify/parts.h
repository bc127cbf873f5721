/* SPDX-License-Identifier: MIT */
/* What the parts of the verifier share:
 *
 *      verify.c  the order of the passes; each instruction alone; where control goes
 *      calls.c   which calls are allowed, with which arguments, and how deep functions nest
 *      walk.c    what they may hold on each path, and what that allows: walk.h
 *      refuse.c  the sentence of a refusal */
#pragma once
#include "vm/flow.h"
#include "vm/verify/verify.h"

/* What verify_functions knows of a function, at its first instruction, and of a call. */
struct reach {
	u64 callees; /* of a call that is chosen at run time: bit i for p->taken[i], the last for all from there on */
	u8 frames; /* how many it needs, its own included; 0: not known yet */
	bool busy; /* the walk is inside it: to enter it again is recursion */
	i16 kept;  /* bytes of frames from here down that wait while one below tail-calls; -1: none does */
};

struct verify {
	struct prog *p;
	struct strbuf *log;
	u8 *marks;
	struct reach *reach; /* one for each instruction */
};

enum {
	MARK_TAKEN = MARK_FREE,        /* the address of the function that starts here is taken */
	MARK_REACHED = MARK_FREE << 1, /* a path leads here */
	MARK_LACKS = MARK_FREE << 2,   /* p->lacks says something of it */
	MARK_WANTED = MARK_FREE << 3,  /* a global function starts here, and is called: global.h */
	MARK_WALKED = MARK_FREE << 4,  /* it has been walked */
};

#define ALL_SLOTS (~0ull) /* of the context: p->facts.reads */

/* Writes the sentence into the log, behind the line of C and the index. Returns EINVAL. */
enum err verify_refuse(struct verify *v, u32 idx, const char *fmt, ...) printf_like(3, 4);

/* Refuses an instruction with MARK_LACKS. */
enum err verify_lacks(struct verify *v, u32 idx);

/* Check a call of a helper or of a function of the kernel: that it exists, that this program may call it,
 * and that arguments which must be constants are. They and verify_callx set the facts that follow from the
 * call. */
enum err verify_helper(struct verify *v, u32 idx);
enum err verify_kfunc(struct verify *v, u32 idx);
void verify_callx(struct verify *v, u32 idx);

/* Sets p->taken, the functions whose address is taken. ENOMEM. */
enum err verify_taken(struct verify *v);

/* Notes that the call at idx may call the function that begins at start. Of a program that is not walked, it may be
 * each function whose address is taken, if that was not taken right before. */
void verify_note_callee(struct verify *v, u32 idx, u32 start);

/* Checks how functions nest, and sets the facts that follow from it. All callees have been noted. */
enum err verify_functions(struct verify *v);
