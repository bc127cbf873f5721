/* SPDX-License-Identifier: MIT */
/* Functions that the object exports. Each is walked once, with any arguments that its prototype allows; a call checks that
 * its arguments are such, and returns any number. Functions that are static, hidden, or have a prototype that says too
 * little (void *, no number as the result) are walked anew at each call. */
#pragma once
#include "vm/verify/walk.h"

/* Whether calls of the function at start are checked against its prototype. */
bool global_is(const struct walk *w, u32 start);

/* Does a call of it: checks the arguments, and goes on behind the call. */
enum err global_call(struct walk *w, u32 start);

/* Sets *start to a function that was called so and has not been walked yet. Returns whether there is one. */
bool global_next(struct walk *w, u32 *start);

/* At the begin of such a function: sets what its arguments may be. At its end: checks the result. */
void global_enter(struct walk *w);
enum err global_exit(struct walk *w);
