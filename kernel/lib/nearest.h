/* SPDX-License-Identifier: MIT */
/* The name that a mistyped one may mean: of all that are offered, the one with the fewest edits. An edit
 * inserts, deletes or replaces a character, or swaps two neighbours. Pure. */
#pragma once
#include "kernel/lib/fmt.h"

#define NEAREST_LEN 64 /* a longer name is near to none */

struct nearest {
	const char *wrong; /* the caller's */
	const char *best;  /* of those offered; NULL: none is near */
	u32 edits;
};

/* Returns the number of edits between two names; most + 1 if there are more than most, or a name is too
 * long. */
u32 nearest_edits(const char *a, const char *b, u32 most);

/* Keeps the candidate if it is nearer than those before it. A name of 3 characters may have one edit, one of
 * 6 two, one of 9 and more three. The candidate must stay valid as long as n. */
void nearest_offer(struct nearest *n, const char *candidate);

/* Prints "; did you mean NAME?"; if no name is near, otherwise. */
void nearest_print(const struct nearest *n, struct strbuf *s, const char *otherwise);
