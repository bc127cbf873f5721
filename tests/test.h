/* SPDX-License-Identifier: MIT */
/* Tests, the same on the host and in the machine: TEST(claim) { check_eq(want, got); }
 * A file is named for the module it tests; a test is named for what it claims. */
#pragma once
#include "kernel/lib/types.h"

struct test {
	const char *name;
	void (*run)(void);
};

/* The linker gathers the tests in a section of their own, which tests/run.c walks. */
#define TEST(claim)                                                                                      \
	static void test_##claim(void);                                                                  \
	static const struct test test_entry_##claim                                                      \
	    __attribute__((used, section("tests"), aligned(sizeof(void *)))) = { #claim, test_##claim }; \
	static notrace void test_##claim(void)

/* If it exists, it runs behind the chosen tests. */
extern const struct test test_at_the_end __attribute__((weak));

/* Each records a failure with its place and values. The test goes on, so check first what can crash it. */
#define check(cond)          test_check(!!(cond), #cond, __FILE__, __LINE__)
#define check_eq(want, got)  test_check_eq((u64)(want), (u64)(got), #got, __FILE__, __LINE__)
#define check_str(want, got) test_check_str(want, got, #got, __FILE__, __LINE__)
/* Records a failure, and ends the test. */
#define require(cond)             \
	do {                      \
		if (!check(cond)) \
			return;   \
	} while (0)

bool test_check(bool ok, const char *what, const char *file, int line);
bool test_check_eq(u64 want, u64 got, const char *what, const char *file, int line);
bool test_check_str(const char *want, const char *got, const char *what, const char *file, int line);

/* Says why the running test cannot be done here. The test counts as skipped, not as passed. */
void test_skip(const char *why);

/* Runs every test whose name matches pattern (NULL: all). Prints the plan "1..N" (as TAP does), a line for
 * each test, and the summary "N passed, M failed" (", K skipped" if any were). Returns true if none failed
 * and one ran. */
bool tests_run(const char *pattern);
