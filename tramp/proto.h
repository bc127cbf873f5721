/* SPDX-License-Identifier: MIT */
/* Checks that a program reads from its context what the traced function has there. */
#pragma once
#include "tramp/text/site.h"

struct reader {
	const char *name;
	u64 reads;                /* bit i: it may read context[i]; all ones: unknown */
	bool behind_body;         /* it runs after the body, and sees the return value behind the arguments */
	const struct site *wants; /* the function that it was written for, or NULL */
};

/* EINVAL with the reason in log: r reads a slot that the function at site does not have; or it reads an
 * argument or the return value as the type of r->wants, which differs. Refuses what model_from_btf
 * refuses. */
enum err proto_check(const struct reader *r, const struct site *site, struct strbuf *log);
