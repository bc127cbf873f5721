/* SPDX-License-Identifier: MIT */
/* One traced function: its model, its hooks in order, its current image.
 *
 * Every change builds a new image for all the hooks, then pokes the site from the old one (or the
 * nop) to the new one, then retires the old one. What can fail comes before the poke. */
#pragma once
#include "tramp/gen.h"
#include "tramp/image.h"
#include "tramp/site.h"

struct tramp {
	struct site *site;
	struct model model;
	struct hook hooks[TRAMP_HOOKS]; /* in the order of attachment */
	u32 hook_count;                 /* never 0 */
	struct image *image;
};

/* The lock over all tramps and links; the callers below hold it. */
void tramp_init(void);
void tramp_lock(void);
void tramp_unlock(void);

/* Adds a hook to the function at site. EOPNOTSUPP: the function cannot be traced, and why; E2BIG:
 * it has 38; EEXIST: a hook of this owner and kind is there; EINVAL: the site does not hold what it
 * should; ENOMEM. On failure nothing has changed. */
enum err tramp_add(struct site *site, const struct hook *hook, struct strbuf *log);

/* Removes owner's hook of that kind; with the last one the nop comes back. ENOENT if there is none,
 * EINVAL if the site was corrupted, ENOMEM; nothing changed then. Removing the last needs no memory. */
enum err tramp_remove(struct site *site, enum hook_kind kind, const void *owner, struct strbuf *log);

/* How t's image came about, for people: its plan, and where in the image each step's code begins
 * (starts[plan->count]: the cold part). Made again from the hooks: the same always comes out. */
void tramp_explain(const struct tramp *t, struct plan *plan, u32 starts[PLAN_STEPS + 1]);
