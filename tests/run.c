// SPDX-License-Identifier: MIT
// Runs the tests that the linker gathered: a line for each, then the summary.
#include "tests/test.h"
#include "kernel/lib/mem.h"
#include "kernel/print.h"

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

bool tests_run(const char *pattern)
{
	u32 passed = 0, failed = 0, skips = 0;
	for (const struct test *t = __start_tests; t < __stop_tests; t++) {
		if (pattern && !str_matches(t->name, pattern))
			continue;
		running = t->name;
		skipped = NULL;
		failures = 0;
		t->run();
		if (failures) {
			failed++;
		} else if (skipped) {
			skips++;
			kprintf("SKIP %s: %s\n", t->name, skipped);
		} else {
			passed++;
			kprintf("PASS %s\n", t->name);
		}
	}
	kprintf("%u passed, %u failed", passed, failed);
	if (skips)
		kprintf(", %u skipped", skips);
	kprintf("\n");
	return failed == 0 && passed + skips > 0;
}
