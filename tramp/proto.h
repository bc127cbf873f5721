/* SPDX-License-Identifier: MIT */
/* Does a program read from its context what a function puts there? */
#pragma once
#include "tramp/text/site.h"

struct reader {
	const char *name;
	u64 reads;                /* bit i: it may read context[i]; all ones: unknown */
	bool behind_body;         /* it runs after the body, and sees the return value behind the arguments */
	const struct site *wants; /* the function that it was written for, or NULL */
};

/* EINVAL and why: it reads a slot that the function does not have, or an argument or the return value as the
 * type that it has in another function. Refuses what model_from_btf refuses. */
enum err proto_check(const struct reader *r, const struct site *site, struct strbuf *log);
