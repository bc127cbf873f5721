/* SPDX-License-Identifier: MIT */
/* One traced function: its model, its hooks in order, its current image.
 *
 *  - Every change builds a new image of each function that it concerns. Then it pokes all the sites in one
 *    batch, from the old images (or the nop) to the new ones. Then it retires the old images.
 *  - All that can fail comes before the poke.
 *  - A removal that leaves other hooks behind needs an image too. Its memory is reserved when the hooks are
 *    added, so that no removal fails for lack of it. */
#pragma once
#include "tramp/gen.h"
#include "tramp/image.h"
#include "tramp/text/site.h"

struct tramp {
	struct site *site;
	struct image *image;     /* current */
	struct image *next;      /* built for the change in progress */
	struct list_head spares; /* reserved images: build.c */
	u32 spare_count;
	bool shared; /* with ftrace, now or once: its images are entered as if called */
	struct list_head list;
	struct model model;
	u32 hook_count;                 /* 0 only during a change */
	struct hook hooks[TRAMP_HOOKS]; /* in the order of attachment */
};

/* Once each, at boot, in this order, after site_init. The second lets the auditor ask about trampolines. */
void tramp_init(void);
void tramp_audit_init(void);

/* The lock over all tramps and links. The caller of every function below holds it, except for tramp_check and
 * tramp_options. */
void tramp_lock(void);
void tramp_unlock(void);

/* The other user that a site may have (ftrace).
 *
 *      make_room   called before trampolines claim a site. Returns OK if the site is free, or now calls code
 *                  that serves both users. EBUSY: the other user cannot share it; EINVAL: the site does not
 *                  hold what it should. Both with a sentence in log.
 *      left        called when trampolines have left a site: site->tramp and site->direct are 0 */
struct tramp_neighbour {
	enum err (*make_room)(struct site *site, struct strbuf *log);
	void (*left)(struct site *site);
};
void tramp_set_neighbour(const struct tramp_neighbour *n);

/* Whether the function at site can take these hooks (1, or the 2 of a session). Stores its model. EOPNOTSUPP
 * with the reason in log: it has no type information; its signature cannot be described; it never returns; or
 * the hook may sleep where the function must not. */
enum err tramp_check(const struct site *site, const struct hook *hooks, u32 hook_count, struct model *m,
		     struct strbuf *log);

/* Adds hooks (1, or the 2 of a session) of one owner to the functions at sites[count], all different: to all
 * of them or, after an error, to none. It takes three syncs of all CPUs. Refuses what tramp_check refuses.
 * EBUSY: another user has a site; E2BIG: a function has TRAMP_HOOKS already; EEXIST: this owner has hooks
 * there; EINVAL: a site does not hold what it should; ENOMEM; EINTR: Ctrl-C. */
enum err tramp_add(struct site *const *sites, u32 count, const struct hook *hooks, u32 hook_count,
		   struct strbuf *log);

/* Removes owner's hooks from all of these functions. A function without other hooks gets its nop back. Needs
 * no memory. ENOENT: one of the functions has none of owner's; EINVAL: a site does not hold what it should.
 * After an error nothing has changed. */
enum err tramp_remove(struct site *const *sites, u32 count, const void *owner, struct strbuf *log);

/* How images are built. tramp_set_options builds all images again. ENOMEM, EINVAL as above: nothing has
 * changed then. */
struct plan_options tramp_options(void);
enum err tramp_set_options(struct plan_options options, struct strbuf *log);

/* Before ftrace takes over the site of a traced function: builds an image that is entered as if called.
 * ENOMEM, EINVAL as above: nothing has changed then. */
enum err tramp_share(struct site *site, struct strbuf *log);

/* The five bytes that trampolines want at the site: the nop, the call of the image, or the jump to it. */
void tramp_site_bytes(const struct site *site, u8 bytes[SITE_LEN]);

/* Iterates over all tramps. Returns the one after t; for NULL the first; NULL after the last. */
struct tramp *tramp_next(const struct tramp *t);

/* How an image is made: its plan, where the code of each step begins (gen.starts), its bytes. Large. */
struct explained {
	struct plan plan;
	struct gen gen;
	u32 len;
	u8 code[12288]; /* more than any image has */
};

/* Generates t's image again: the same hooks always lead to the same bytes. */
void tramp_explain(const struct tramp *t, struct explained *x);
