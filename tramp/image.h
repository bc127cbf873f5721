/* SPDX-License-Identifier: MIT */
/* Images: generations of generated code, and when their memory may be used again.
 *
 * An image that is no longer reachable from its site (the poke has ended, so no CPU will enter it any
 * more) may still be in use: by a CPU inside it, by a task that was preempted in it, by a task that
 * sleeps in a function which the image has called: the traced one, or a hook that may sleep. Each of
 * these has an address inside the image on its stack: as the return address of a call it made, or as
 * the instruction pointer that an interrupt saved. Nothing else leads into an image, since nobody keeps
 * pointers to it but the site. So an image is free when no way back on any stack leads into it. That is
 * looked up with all CPUs held (task_visit_returns), costs nothing while tracing, and errs only on the
 * safe side: a word of an interrupted function that looks like an address delays the free.
 *
 * At a site that is shared, ftrace's caller has looked up where the image is and then goes there; so
 * an image of such a site is free only if nobody is in that caller either.
 *
 * One kind of waiting needs no hook any more: who sleeps in the body of the traced function comes back
 * to a gate, which was poked to a jump over the exit hooks when the image was retired. So when nothing
 * but such returns lead into an image, what it could call is let go, though the image stays. The price,
 * as on Linux: a call that is in the body while hooks come or go does not see its exit hooks, not even
 * those that stay. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/mem/text.h"
#include "tramp/text/poke.h"

#define IMAGE_HELD 39 /* TRAMP_HOOKS, and a traced program */

struct image {
	struct text text;
	struct list_head list; /* of retired images, or of spare ones */
	u32 *held[IMAGE_HELD]; /* counters of what it can call: first `body_held` for the body, then hooks' */
	u32 held_count, body_held;
	bool by_jmp;     /* its site jumps to it */
	bool via_ftrace; /* it may be reached through ftrace's shared caller, which has looked where it is */
	/* In an image that calls the body, as offsets: where the body returns to; the gate (0: there is none),
	 * and where the exit hooks end. */
	u32 after_original, gate, hooks_end;
	bool seen, body_seen; /* in the scan under way: a way back leads into it; one from the body does */
};

/* How an image goes; tests/models/image.pml proves it, and beside it stands what breaks without each step.
 *   1. Nobody can come any more: its site leads elsewhere, and so does site->direct, which ftrace's caller
 *      reads at a site that is shared.
 *   2. Its gate is closed: the nop behind the call of the original becomes a jump past the exit hooks.
 *   3. All other CPUs are held.
 *   4. Every way back is looked up, those of the task that does it among them.
 *   5. An image to which site->direct ever led waits until nobody is in that caller either. Somebody may be
 *      there since before ftrace left the site; so site->direct never leads to an image not made for it.
 *   6. What nobody goes back to is freed. What it calls is held until then, or until all who go back come
 *      from the original, and so to the gate. */

/* Once, at boot. */
void image_init(void);

/* Tells through which code the images of shared sites are reached (images with via_ftrace): a task that is in
 * there may hold the address of one that has been retired. Once, at boot. */
void image_reached_through(const struct text *caller);

/* Room for len bytes of code, which text_fill writes to img->text. Its symbol is prefix and name, both copied.
 * NULL if there is no memory. */
struct image *image_reserve(const char *prefix, const char *name, u32 len);

/* The same with its code, of at most max bytes. NULL also if write fails. */
struct image *image_make(const char *prefix, const char *name, u32 max, text_writer *write, void *arg);

/* Adds 1 to *users now and takes it back when the image can no longer call it. At most IMAGE_HELD. */
void image_hold(struct image *img, u32 *users);

/* An image that was never reachable. */
void image_discard(struct image *img);

/* The change that shuts the image's gate, to be poked with the change that makes it unreachable. Only if
 * it has one. */
void image_gate(const struct image *img, struct poke *p);

/* The image is unreachable, and its gate shut, since the last poke. image_reap frees it as soon as nobody
 * is inside; never waits, needs no memory. Task context, interrupts on. */
void image_retire(struct image *img);

/* Frees what nobody is inside, and tries again from time to time for the rest; gives how many that are. */
u32 image_reap(void);
