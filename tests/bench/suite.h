/* SPDX-License-Identifier: MIT */
/* The programs of this folder as a table, and the one function that times them in every form. */
#pragma once
#include "tests/bench/linux.h"
#include "vm/prog.h"

#define BENCH_MEM 4096 /* bytes that each program sees */

/* What is in the memory: noise, lines of words and numbers, or a packet. */
enum bench_memory { MEM_RANDOM, MEM_TEXT, MEM_PACKET };

typedef u64 bench_fn(u8 *mem, u64 len);

struct bench {
	const char *name; /* of the file, and of its program */
	enum bench_memory memory;
	bool counted; /* in the geometric means; the others take a few nanoseconds, most of them the call */
	bench_fn *gcc, *clang;
};

extern const struct bench benches[];
extern const u32 bench_count;

/* BENCH_MEM bytes, the same every time. */
void bench_fill(u8 *mem, enum bench_memory memory);

/* The map that natively compiled programs look into: they call its functions without our helpers'
 * checks. */
void bench_use_hash(struct map *m);

/* One program in one form. Exactly one of fn, interpreted and on_linux is set; or none, if that form
 * does not exist. */
struct subject {
	bench_fn *fn; /* native or compiled by us */
	const struct prog *interpreted;
	struct linux_prog *on_linux;
	u64 runs;  /* per slice */
	double ns; /* per run, the best slice */
	u64 r0;    /* of the first run, on fresh memory; of on_linux the lower half */
};

/* Runs s once on fresh memory for its r0. */
void subject_first(struct subject *s, enum bench_memory memory);

/* Times one round of a program's subjects, one after the other. */
void subjects_round(struct subject *s, u32 count, enum bench_memory memory);
