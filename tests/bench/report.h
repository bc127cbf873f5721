/* SPDX-License-Identifier: MIT */
/* The measured times, as a table for people and as JSON for programs. */
#pragma once
#include <stdio.h>
#include "tests/bench/suite.h"

/* How a program runs. The native limit is the faster of the first two. */
enum way { BY_GCC, BY_CLANG, INTERPRETED, COMPILED, ON_LINUX, WAYS };

struct measured {
	const struct bench *bench;
	struct subject ways[WAYS];
	u32 code; /* bytes, compiled by us */
	u64 compile_ns;
	struct linux_prog on_linux;
	char linux_note[160]; /* why it does not run there */
};

/* What switching one trick off costs: the time without it by the time with it. */
struct trick_cost {
	const char *name;
	double *ratios; /* one per program measured */
	double mean;    /* of those that count */
};

struct report {
	const struct measured *programs;
	u32 count;
	u32 rounds;
	const char *without; /* the tricks that were off, or NULL */
	struct trick_cost *tricks;
	u32 trick_count;
};

/* Computes the mean of each trick, and sorts the tricks by it, the most useful one first. */
void report_rank_tricks(struct report *r);

/* Prints the tables on standard output. */
void report_print(const struct report *r);

/* Writes all of it as JSON. False if the file cannot be written. */
bool report_write_json(const struct report *r, const char *path);
