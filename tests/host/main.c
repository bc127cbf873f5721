// SPDX-License-Identifier: MIT
// The host tests: build/host/tests [PATTERN], run in the project's root.
#include "tests/host/host.h"
#include "tests/test.h"

/* kmalloc is not malloc, so the sanitizer sees no leaks; tests compare heap_usage. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:allow_user_segv_handler=1:handle_sigbus=1";
}

int main(int argc, char **argv)
{
	host_init();
	return tests_run(argc > 1 ? argv[1] : NULL) ? 0 : 1;
}
