/* SPDX-License-Identifier: MIT */
/* Functions that may fail: a program may return something in their place. The mark stands behind the function:
 *
 *      ALLOW_ERROR_INJECTION(send_frame, ERRNO);
 *
 * It promises that every caller is ready for such a result, and that the function has taken nothing over from its caller
 * which a call that fails would lose. The linker collects the marks of the image. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* How the function fails. */
enum injection_kind {
	INJECT_ERRNO, /* any number but 0 */
	INJECT_TRUE,  /* any number but 0 means yes */
	INJECT_NULL, /* it returns an address, and NULL; a program's 0 lets the function run, so it can return neither */
};

struct injection {
	const char *func;
	enum injection_kind kind;
};

#define ALLOW_ERROR_INJECTION(function, how)                       \
	static const struct injection injection_##how##_##function \
	    __attribute__((used, section("error_injection"))) = { #function, INJECT_##how }

/* Iterates over all marks: returns number i, NULL behind the last. */
const struct injection *injection_nth(u32 i);

/* Returns the mark of that function; NULL if it has none. */
const struct injection *injection_of(const char *func);

/* Checks that a program may return something in place of that function. replaces: it may return something else than 0.
 * EINVAL with a sentence in log. */
enum err injection_check(const char *func, bool replaces, struct strbuf *log);
