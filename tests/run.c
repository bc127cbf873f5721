// SPDX-License-Identifier: MIT
// Runs the tests that the linker gathered. Prints the plan, a line for each test, then the summary.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"

extern const struct test __start_tests[], __stop_tests[];

static const char *running, *skipped;
static u32 failures; /* of the running test */

static bool fail(const char *file, int line)
{
	kprintf(" (%s:%d)\n", file, line);
	failures++;
	return false;
}

bool test_check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return true;
	kprintf("FAIL %s: %s", running, what);
	return fail(file, line);
}

bool test_check_eq(u64 want, u64 got, const char *what, const char *file, int line)
{
	if (want == got)
		return true;
	kprintf("FAIL %s: %s: want %lld (0x%llx) got %lld (0x%llx)", running, what, want, want, got, got);
	return fail(file, line);
}

bool test_check_str(const char *want, const char *got, const char *what, const char *file, int line)
{
	if (strcmp(want, got) == 0)
		return true;
	kprintf("FAIL %s: %s: want \"%s\" got \"%s\"", running, what, want, got);
	return fail(file, line);
}

void test_skip(const char *why)
{
	skipped = why;
}

enum verdict { PASSED, FAILED, SKIPPED, VERDICTS };

static enum verdict run_one(const struct test *t)
{
	running = t->name;
	skipped = NULL;
	failures = 0;
	t->run();
	if (failures)
		return FAILED;
	if (skipped)
		kprintf("SKIP %s: %s\n", t->name, skipped);
	else
		kprintf("PASS %s\n", t->name);
	return skipped ? SKIPPED : PASSED;
}

/* panic_... ends in a panic, if all is well; session_... prints megabytes: each runs only by its whole
 * name. */
static bool is_chosen(const struct test *t, const char *pattern)
{
	if (str_matches(t->name, "panic_*") || str_matches(t->name, "session_*"))
		return pattern && strcmp(t->name, pattern) == 0;
	return !pattern || str_matches(t->name, pattern);
}

/* How many tests will report, the one at the end with them. */
static u32 planned(const char *pattern)
{
	u32 n = 0;
	for (const struct test *t = __start_tests; t < __stop_tests; t++)
		n += is_chosen(t, pattern);
	return n && &test_at_the_end ? n + 1 : n;
}

bool tests_run(const char *pattern)
{
	u32 count[VERDICTS] = { 0 }, plan = planned(pattern);
	kprintf("1..%u\n", plan);
	for (const struct test *t = __start_tests; t < __stop_tests; t++)
		if (is_chosen(t, pattern))
			count[run_one(t)]++;
	if (plan && &test_at_the_end)
		count[run_one(&test_at_the_end)]++;
	kprintf("%u passed, %u failed", count[PASSED], count[FAILED]);
	if (count[SKIPPED])
		kprintf(", %u skipped", count[SKIPPED]);
	kprintf("\n");
	return count[FAILED] == 0 && plan > 0;
}
