/* SPDX-License-Identifier: MIT */
/* The walk over every path of a program. What its parts share:
 *
 *      walk.c    the paths: where they part, where one can stop because another has covered it
 *      state.h   what is known at one place
 *      live.h    what of it is still read
 *      arith.c   what an instruction computes
 *      branch.c  what a conditional jump says about its operands
 *      access.c  what a load or a store may touch
 *      typed.c   what it finds in the context and in objects of the kernel, with field.h
 *      args.c    what a helper or a kernel function needs
 *      call.c    what it returns, and functions of the program
 *      global.c  functions that other objects may call
 *      lock.c    spin locks
 *      iter.c    iterators, and loops that something counts; widen.c: numbers that grow in them
 *      print.c   what is known, in words
 *
 * A part returns EINVAL when it has refused the program with a sentence in the log, or ENOMEM. */
#pragma once
#include "vm/run/helper.h"
#include "vm/verify/parts.h"
#include "vm/verify/state.h"

/* Where a path was seen, and with which state. */
struct seen {
	struct state s;
	struct seen *next;         /* at the same instruction */
	struct seen *before;       /* the one before it on its path */
	const struct seen *counts; /* this one, or the last before it that takes a round */
	u32 id;                    /* larger than that of all that were kept before */
	u32 round;                 /* whose it takes, as iter_round says; 0: it takes none */
	bool is_first;             /* likewise */
	u32 open;                  /* paths that go on from here and have not ended */
	u32 hits, misses;
};

/* Which way a path went when there were two: the last few times. */
enum { TURNS = 4 };
struct path {
	struct turn {
		u32 from, to;
	} at[TURNS];
	u32 count;
};

/* The other way of a jump, which is walked later. */
struct pending {
	struct state s;
	u32 idx;
	struct seen *from;
	struct path path;
};

struct walk {
	struct verify *v;
	struct prog *p;
	struct live *live; /* of each instruction, as far as the jumps in decided matter */
	u8 *decided;       /* of each instruction: live.h */
	bool live_is_old;  /* decided has changed since */
	u32 live_rounds;
	struct seen **seen; /* of each instruction, where paths meet */
	struct pending *pending;
	u32 pending_count, pending_max;

	struct state now;
	u32 idx;
	struct seen *from; /* the last place that was kept on this path */
	bool ended;        /* the path is at its end */
	u32 last_id;
	u32 came_back; /* the frame's round that has just ended */
	struct path path;
	const struct reg *about; /* what the refusal is about; NULL: nothing in particular */

	u32 paths, kept;       /* how many; states that were kept */
	u64 bytes, most_bytes; /* that states take now, and took at most */
	u32 visited;           /* instructions, on all paths */
	bool forked;           /* since a state was kept: another way has been left for later */
};

enum { VISITED_MAX = 1000000 };

/* Refuses the program because of what register n holds, r: "r1 (count) is the number 16; WHY". */
enum err walk_refuse_reg(struct walk *w, u32 n, const struct reg *r, const char *why);

/* Refuses it because of what argument n of a function holds: "argument 1 of bpf_loop is the number 16, and must be NEEDS".
 * prefix: of the name. */
enum err walk_refuse_arg(struct walk *w, u32 n, const char *prefix, const char *name, const char *needs);

/* Refuses the program at the current instruction. */
enum err walk_refuse(struct walk *w, const char *fmt, ...) printf_like(2, 3);

/* The jump at the current instruction has one way because of what is known; or the addition there is to an address. */
void walk_decided(struct walk *w, u8 what);

/* Keeps a copy of now to be walked later from idx. */
enum err walk_later(struct walk *w, u32 idx);

static inline struct reg *walk_reg(struct walk *w, u32 n)
{
	return &state_top(&w->now)->r[n];
}
static inline const struct insn *walk_insn(const struct walk *w)
{
	return &w->p->insns[w->idx];
}

/* Appends what r holds, in words: "a number", "a value of map m, or NULL". known: with its range, as far as that says
 * anything. */
void reg_print(struct strbuf *s, const struct walk *w, const struct reg *r);
void reg_print_known(struct strbuf *s, const struct walk *w, const struct reg *r);

/* Whether it was the address of a record that the program has given back. */
bool reg_is_gone(const struct walk *w, const struct reg *r);

/* Appends "line 12", or the instruction where no line is known. */
void walk_print_line(struct strbuf *s, const struct walk *w, u32 idx);

/* Appends what a reader of the refusal wants to know besides: where w->about comes from, and the path. */
void walk_print_way(struct strbuf *s, const struct walk *w);

/* Tell the watcher, if there is one: what the instruction at idx has done, before which waited paths were pending; or
 * the sentence. */
void walk_show(const struct walk *w, u32 idx, u32 waited);
void walk_say(const struct walk *w, const char *fmt, ...) printf_like(2, 3);

/* Another way was possible at from, and the path goes on at to. Rounds of a loop count once. */
static inline void path_add(struct path *p, u32 from, u32 to)
{
	const struct turn *last = &p->at[(p->count - 1) % TURNS];
	if (!p->count || last->from != from || last->to != to)
		p->at[p->count++ % TURNS] = (struct turn){ from, to };
}

/* A call has returned r0: r1 to r5 hold nothing now. */
void walk_return(struct walk *w, struct reg r0);

/* Whether register n may be read at all. */
enum err walk_check_read(struct walk *w, u32 n);

/* r goes where it is not followed. If it is the context, the program may read all slots of that. */
static inline void context_escapes(struct walk *w, const struct reg *r)
{
	if (r->kind == REG_CONTEXT)
		w->p->facts.reads = ALL_SLOTS;
}

/* Each does the current instruction. */
enum err walk_arith(struct walk *w);
enum err walk_branch(struct walk *w);
enum err walk_access(struct walk *w);
enum err walk_call(struct walk *w);
enum err walk_exit(struct walk *w);
enum err walk_wide(struct walk *w);

/* Checks an access of size bytes through register n, off from it; a caller that is no instruction gives its words in who,
 * "argument 2 of bpf_map_lookup_elem", and others give NULL. */
enum access {
	ACCESS_READ,
	ACCESS_WRITE,
	ACCESS_CHANGE,    /* reads, then writes */
	ACCESS_MAY_WRITE, /* some of the bytes, or none */
};
enum err access_check(struct walk *w, u32 n, i64 off, u64 size, enum access how, const char *who);

/* What a load returns of which nothing more is known. */
struct reg access_any(const struct insn *in);

/* What the four bytes are to which register n points: known only on the stack. */
struct reg access_key(struct walk *w, u32 n);

/* Makes all addresses with that id non-null, or the number 0; then a record with that id was never reserved. */
void branch_null(struct walk *w, u32 id, bool is_null);

/* Checks that a program may return what this one returns, as far as the walk knows, in place of its function. */
enum err walk_check_mark(struct walk *w);

/* Whether it matters what a program of this type returns. */
bool walk_result_matters(const struct prog *p);

/* Everything but the walk has been checked. */
enum err walk_program(struct verify *v);
