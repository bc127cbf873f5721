/* SPDX-License-Identifier: MIT */
/* Finds the name that a mistyped one may mean: of all that are offered, the one with the fewest edits. An
 * edit inserts, deletes or replaces a character, or swaps two neighbours; capitals count as small letters.
 * Pure. */
#pragma once
#include "kernel/lib/fmt.h"

#define NEAREST_LEN 64 /* a longer name is near no other */

struct nearest {
	const char *wrong; /* the mistyped name; set by the caller */
	const char *best;  /* of those offered; NULL: none is near */
	u32 edits;
};

/* Returns the number of edits between two names; most + 1 if there are more than most, or a name is too
 * long. */
u32 nearest_edits(const char *a, const char *b, u32 most);

/* Keeps the candidate if it is nearer than all before it, and near enough: one edit for each three characters
 * of the mistyped name, three at most. The candidate must stay valid as long as n. */
void nearest_offer(struct nearest *n, const char *candidate);

/* Appends "; did you mean NAME?" or, if no name is near, the text `otherwise`. */
void nearest_print(const struct nearest *n, struct strbuf *s, const char *otherwise);
