/* SPDX-License-Identifier: MIT */
/* One traced function: its model, its hooks in order, its current image.
 *
 * Every change builds a new image for all the hooks of each function that it concerns, then pokes all the
 * sites in one batch from the old ones (or the nop) to the new ones, then retires the old ones. What can
 * fail comes before the poke. A removal that leaves other hooks behind needs an image too: its memory was
 * set aside when the hooks were added, so that no removal fails for lack of it. */
#pragma once
#include "tramp/gen.h"
#include "tramp/image.h"
#include "tramp/text/site.h"

struct tramp {
	struct site *site;
	struct image *image;     /* current */
	struct image *next;      /* built for a change under way */
	struct list_head spares; /* reserved images, each as long as the current one: one for each removal
	                            that would leave hooks behind */
	u32 spare_count;
	bool shared;             /* with ftrace, now or once: its images are entered as if called */
	struct list_head list;
	struct model model;
	u32 hook_count; /* never 0 but in a change under way */
	struct hook hooks[TRAMP_HOOKS]; /* in the order of attachment */
};

/* The lock over all tramps and links; the callers below hold it. tramp_init after site_init. */
void tramp_init(void);

/* Lets the auditor ask about trampolines and their sites. Once, at boot. */
void tramp_audit_init(void);

/* What else may have a site: asked before a trampoline claims one, told when it has left. Both under the lock.
 *
 *      make_room   OK: nothing else is there, or the site calls what lets both live there. EBUSY: what is there,
 *                  and whose; EINVAL: the site does not hold what it should. With one sentence.
 *      left        site->tramp and site->direct are 0 */
struct tramp_neighbour {
	enum err (*make_room)(struct site *site, struct strbuf *log);
	void (*left)(struct site *site);
};
void tramp_set_neighbour(const struct tramp_neighbour *n);
void tramp_lock(void);
void tramp_unlock(void);

/* Whether tramp_add would take these hooks at site, as far as the function decides it: EOPNOTSUPP and why
 * (no type information; a signature that cannot be described; no return; may not sleep there). */
enum err tramp_check(const struct site *site, const struct hook *hooks, u32 hook_count, struct strbuf *log);

/* Adds hooks (1, or the 2 of a session) of one owner to the functions at sites[count], no one twice: to
 * all or to none, with three syncs of all CPUs in all. What tramp_check refuses; EBUSY: the site belongs to
 * somebody else; E2BIG: a function has 38; EEXIST: this owner is there; EINVAL: a site does not hold what
 * it should; ENOMEM. On failure nothing has changed. */
enum err tramp_add(struct site *const *sites, u32 count, const struct hook *hooks, u32 hook_count,
		   struct strbuf *log);

/* Removes owner's hooks from all of these functions; where they were the last, the nop comes back. ENOENT
 * if there is none at one of them, EINVAL if a site was corrupted; nothing has changed then. Needs no memory. */
enum err tramp_remove(struct site *const *sites, u32 count, const void *owner, struct strbuf *log);

/* How images are to be. Builds all of them anew. ENOMEM, EINVAL as above: nothing has changed then. */
struct plan_options tramp_options(void);
enum err tramp_set_options(struct plan_options options, struct strbuf *log);

/* Before ftrace takes the site of a traced function over: gives it an image that is entered as if called.
 * ENOMEM, EINVAL as above: nothing has changed then. */
enum err tramp_share(struct site *site, struct strbuf *log);

/* What the site's five bytes are as far as BPF goes: the nop, or the call of or jump to the image. */
void tramp_site_bytes(const struct site *site, u8 bytes[SITE_LEN]);

/* What live links have changed, for the auditor: every traced site's bytes, programs' sites too. */
void tramp_visit_places(void (*visit)(uptr addr, const void *bytes, u32 len));

/* How t's image came about, for people and for the auditor: its plan, where in the image each step's code
 * begins (starts[plan->count]: the cold part), and its bytes. Made again from the hooks: the same always
 * comes out. `code` has room for TRAMP_IMAGE_MAX bytes; gives their count. */
#define TRAMP_IMAGE_MAX 12288
u32 tramp_explain(const struct tramp *t, struct plan *plan, u32 starts[PLAN_STEPS + 1], u8 *code);
