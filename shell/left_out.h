/* SPDX-License-Identifier: MIT */
/* Which functions a pattern leaves out, grouped by the reason. */
#pragma once
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

struct prog;

/* Prints the functions that match the pattern and have no site. */
enum err left_out_of_list(const char *pattern, struct strbuf *log);

/* Prints the functions that match the pattern and that the program cannot be attached to. */
enum err left_out_of_attach(struct prog *p, const char *pattern, struct strbuf *log);
