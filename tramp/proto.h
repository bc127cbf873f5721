/* SPDX-License-Identifier: MIT */
/* Whether what a program reads from its context is what a function puts there. */
#pragma once
#include "tramp/text/site.h"

struct reader {
	const char *name;
	u64 reads;                /* bit i: context[i] may be read; all ones: nobody knows what is */
	bool behind_body;         /* it sees the return value behind the arguments */
	const struct site *wants; /* the function that it was written for; NULL if it does not say */
};

/* EINVAL and why: it reads what is not there, or reads an argument or the return value as the type that it
 * has in another function. And what model_from_btf refuses. */
enum err proto_check(const struct reader *r, const struct site *site, struct strbuf *log);
