/* SPDX-License-Identifier: MIT */
/* Which functions a pattern leaves out, grouped by the reason. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

struct prog;

/* Prints a table of the functions that match the pattern and that the program cannot be attached to; without a
 * program, of those that have no site. Prints nothing if there are none. */
enum err left_out_print(struct prog *p, const char *pattern, struct strbuf *log);
