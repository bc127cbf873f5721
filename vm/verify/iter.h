/* SPDX-License-Identifier: MIT */
/* Iterators on the stack, and which loops come to an end because something counts their rounds.
 *
 * A round is one number of an iterator, or one call of a callback by a helper. Each iterator, and each call of such a
 * helper, has a number of its own on each path; both run out after a number of rounds. */
#pragma once
#include "vm/verify/walk.h"

/* Returns an open iterator that has bytes in [least, end) of the frame's stack, counted from its end; NULL if none. */
struct slot *iter_within(struct frame *f, i64 least, i64 end);

/* Refuses to leave a frame in which an iterator is open. */
enum err iter_check_closed(struct walk *w, struct frame *f);

/* Checks argument register n of the function with that name, and sets *slot: one with an open iterator, or for a new one. */
enum err iter_argument(struct walk *w, u32 n, bool is_new, const char *name, struct slot **slot);

/* What the call does with the iterator: arg says which call it is. The result and idx have been set as of any other. */
enum err iter_called(struct walk *w, enum helper_arg arg, struct slot *slot);

/* Whether a path comes back to this call again and again, one round each time. */
bool iter_repeats(const struct insn *in);

/* At such a call: whose round it takes; 0: none. Sets *is_first if a helper is called anew. */
u32 iter_round(struct walk *w, bool *is_first);

/* Whether the path from s to here has taken a round of something that goes on here. round: as of iter_round. */
bool iter_takes_round(struct walk *w, const struct seen *s, u32 round);

/* Lets numbers of now that have grown in the last rounds grow at once as far as they may go, so that rounds come to an end
 * before the walk does. Returns whether one has changed. */
bool iter_widen(struct walk *w, u32 round);
