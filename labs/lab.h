/* SPDX-License-Identifier: MIT */
/* What the checks of labs are written with (labs/NN-name/check.c). A check is a test: LAB_TEST(name) { ... }.
 * The report of a case is "did, want, got"; the first difference counts, and nothing after it. The verdict is
 * the exit status of the machine. */
#pragma once
#include "kernel/lib/mem.h"
#include "kernel/lib/types.h"
#include "tests/test.h"

/* A case that has not ended after so many milliseconds of the machine is stopped, and reported as a hang.
 * Under --icount these are so many million instructions. */
#ifndef LAB_LIMIT
#define LAB_LIMIT 500
#endif

#define LAB_TEST(name)                       \
	static notrace void name##_body(void); \
	TEST(name)                           \
	{                                    \
		lab_begin(LAB_LIMIT);        \
		name##_body();               \
		lab_end(#name);              \
	}                                    \
	static notrace void name##_body(void)

/* The checks of tests/test.h, with a report. */
#undef check
#undef check_eq
#define check(cond)         lab_ok(!!(cond), #cond)
#define check_eq(want, got) lab_eq((u64)(want), (u64)(got), #got)

/* For LAB_TEST. lab_end tells the verdict by a port of the emulator: what the machine prints decides nothing. */
void lab_begin(u32 limit_ms);
void lab_end(const char *name);

/* Says what comes next, for the report of a failure. The last one is shown. */
void lab_did(const char *fmt, ...) printf_like(1, 2);

/* Each returns true if all is well. Otherwise the case has failed. */
bool lab_eq(u64 want, u64 got, const char *what);
bool lab_ok(bool ok, const char *want);
bool lab_bytes(const void *want, const void *got, u32 len);

/* The same in words: lab_want and lab_got say them, and lab_fail fails the case. */
void lab_want(const char *fmt, ...) printf_like(1, 2);
void lab_got(const char *fmt, ...) printf_like(1, 2);
void lab_fail(void);
bool lab_failed(void);

/* 0 .. below - 1, from the seed of the boot command line: the same numbers for the same seed. */
u64 lab_random(u64 below);
