/* SPDX-License-Identifier: MIT */
/* A fuzzer of the verifier. It makes programs as clang makes them, some with a mistake, and runs each one that the
 * verifier accepts on hostile inputs. What a program must not do then is a finding.
 *
 *      clang.c    makes the programs; clang.h has its parts; types.c, the prototypes of their functions
 *      watch.c    listens to the walk: what it knew at each instruction
 *      shadow.c   the interpreter that checks each step; memory.c, what the program owns; calls.c, its calls
 *      try.c      one program: verify, run in three ways, compare; input.c, what it gets
 *      tail.c     the programs to which its tail calls lead
 *      broken.c   mistakes put into the verifier, each of which must be found
 *      main.c     options, the loop, figures */
#pragma once
#include "vm/prog.h"
#include "vm/run/helper.h"
#include "vm/run/map.h"

enum { PROGS = 3, INSNS = 1024, CONTEXT = 12, REGS = 21, INPUTS = 10 };

/* The maps of each program, as in tests/cases/verify.txt. */
enum { MAP_ARRAY, MAP_HASH, MAP_RODATA, MAP_DATA, MAP_RING, MAP_LOCKS, MAP_PROGS, MAPS };

/* ---- clang.c ---- */

/* What a program has, for the figures: bit i of features. */
/* clang-format off */
#define FEATURES(X) \
	X(load_context) X(arithmetic) X(spill) X(lookup) X(update) X(delete) X(index) \
	X(loop) X(subprogram) X(bpf_loop) X(for_each) X(iterator) X(accumulate) X(frame) \
	X(printk) X(vprintk) X(ordered) X(probe_read) X(fill) X(bounded) X(comm) X(atomic) X(object) \
	X(swap) X(extend) X(branch) X(record) X(lock) X(held_record) X(passed_record) \
	X(passed_iter) X(nested_iter) X(step) X(global) X(tail_call) X(output) X(kprobe) X(reload) \
	X(given_number) X(returned_number) X(tested_below) X(picked) X(zeros) X(parts) X(distance) X(given_address) X(kept_element) X(mutated)
/* clang-format on */
enum feature {
#define X(name) F_##name,
	FEATURES(X)
#undef X
	    FEATURE_COUNT
};

/* ORDER TYPES: the functions in types.c. */
enum global_type {
	TYPE_NUMBERS = 8,
	TYPE_MEMORY = 10,
	TYPE_PRESENT,
	TYPE_CONTEXT = 14,
	TYPE_MIXED = 17,
};

struct made {
	struct insn insns[INSNS];
	u32 globals[INSNS]; /* which of them begins there, or 0 */
	bool has_globals;
	u32 count;
	u64 features;
	bool is_tracing; /* the context has types */
	bool is_fexit;   /* else it is tp_btf, if it has types */
	bool is_kprobe;  /* the context is a struct pt_regs */
	const char *section;
	u32 context;     /* words */
	u32 iter_ids[3]; /* of bpf_iter_num_new, next and destroy, set by the caller */
};
/* What programs do as they run, for the figures: how often. */
/* clang-format off */
#define EVENTS(X) \
	X(next) X(next_of_caller) X(next_in_callback) X(next_among_two) X(open_for_caller) \
	X(close_for_caller) X(record) X(output) X(give_for_caller) \
	X(global) X(global_with_context) X(global_with_null) \
	X(load_regs) X(tail_call) X(tail_call_in_function) X(tail_call_fails) X(tail_calls_end)
/* clang-format on */
enum event {
#define X(name) E_##name,
	EVENTS(X)
#undef X
	    EVENT_COUNT
};

/* as: the context and the result are as of that one, which calls it; NULL: of any kind. */
void make_program(struct made *m, u64 seed, const struct made *as);

/* The next random number; one below n. */
u64 random_next(u64 *state);
u32 random_below(u64 *state, u32 n);

/* ---- watch.c ---- */

/* Verifies once more, and keeps what the walk knows at each instruction on all paths. Then each number counts as one
 * that matters: else the walk may stop at one place with other numbers than it has seen. everything: each register and
 * slot counts as one that is read, too, so that nothing depends on what the verifier takes for dead. A refusal then shows
 * that a path was left out which had to be walked. */
enum err watch_verify(const struct prog *p, bool everything, struct strbuf *log);

/* What the last verification did: the instructions that it visited; whether instruction idx loads from an object. */
u32 watch_visited(void);
bool watch_is_object(u32 idx);

/* All that is watched is about program n from now on; watch_begin forgets what was known of it. */
void watch_select(u32 n);
void watch_begin(u32 n);

/* Whether the walk knew that register n can hold value before instruction idx. ends: of each frame, the end of its stack. */
bool watch_allows(const struct prog *p, u32 idx, u32 n, u64 value, const u64 *ends, const void *ctx);

/* Appends what was known. */
void watch_print(struct strbuf *s, u32 idx, u32 n);

/* ---- shadow.c, memory.c, calls.c ---- */

struct shadow_reg {
	u64 v;
	bool set;
	bool tainted; /* comes from an address */
};

struct shadow {
	const struct prog *p;
	const u64 *ctx;
	u32 context; /* words in it */
	bool ranges; /* watch_allows can tell */
	u64 steps, limit;
	bool has_callbacks;
	bool diverges; /* the way of the program depended on an address, so another machine may do else */
	bool gave_up;  /* it takes too long */
	u32 depth;
	u32 base;   /* the frame of the last function that the walk has walked alone */
	u64 locked; /* the address of the lock that is held */
	u64 ends[PROG_FRAMES];
	u32 idx;
	u32 callbacks;  /* active */
	u32 tail_calls; /* done */
	bool found;
	char *why; /* 256 bytes */
	u8 kinds[INSN_KINDS];
};

/* Runs the program; false if there is a finding. */
bool shadow_run(struct shadow *s, struct shadow_reg *r0);

/* Runs the function at start with R1 to R5. */
struct shadow_reg shadow_function(struct shadow *s, u32 start, const struct shadow_reg *args);

/* Notes the finding, if it is the first. */
void shadow_found(struct shadow *s, const char *fmt, ...) printf_like(2, 3);

/* A call of a helper: args are R0 to R10, of which it changes R0 to R5. */
void shadow_call(struct shadow *s, const struct helper *h, struct shadow_reg *r);

void memory_begin(struct shadow *s);
void memory_enter(struct shadow *s); /* the frame s->depth - 1 has a new stack */
void memory_leave(struct shadow *s); /* and it ends */
bool memory_iter(struct shadow *s, u64 at,
		 bool opens); /* an iterator is opened or closed; false if it cannot be */
bool memory_is_iter(u64 at);
u32 memory_records(void);
void memory_give_back(void); /* what a run that was given up has left, which would fill the ring for ever */
u32 memory_iters(void);      /* how many are open */
void memory_open(struct shadow *s, u64 at, u64 size); /* a record of a ring */
bool memory_close(struct shadow *s, u64 at);          /* false: none begins there */
bool memory_is_top(const struct shadow *s, u64 at);   /* of the function that runs */
void memory_key(const void *key, u32 len);            /* a key that a callback may read; NULL: none */

/* Whether the program may access these bytes; a read needs bytes that were written. */
bool memory_may(struct shadow *s, u64 at, u64 size, bool writes);
bool memory_is_stack(const struct shadow *s, u64 at);
void memory_written(struct shadow *s, u64 at, u64 size, bool tainted);
bool memory_is_tainted(u64 at, u64 size);
bool memory_is_full(void); /* too many are tainted: nothing can be compared */

/* ---- try.c ---- */

struct figures {
	u64 made, accepted, refused, runs, steps, compared, too_long, no_ranges, checked;
	u64 of_feature[FEATURE_COUNT], accepted_of[FEATURE_COUNT];
	u64 of_kind[INSN_KINDS], of_event[EVENT_COUNT];
};
extern struct figures figures;

/* One program; false if there is a finding, which is printed. */
bool try_program(u64 seed, bool shows);
void try_reasons(void); /* prints why programs were refused */

/* The next number that a helper returns. */
u64 hostile_next(void);

/* tail.c: the number of the program, by which watch_select knows it. */
u32 tail_number(const struct prog *p);

/* ---- broken.c ---- */

extern u32 broken; /* 0: nothing is */
u32 broken_count(void);
const char *broken_name(u32 n);
