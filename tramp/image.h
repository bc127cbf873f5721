/* SPDX-License-Identifier: MIT */
/* Images: generations of generated code, and when their memory may be used again.
 *
 * An image that is no longer reachable from its site (the poke has ended, so no CPU will call it any
 * more) may still be in use: by a CPU inside it, by a task that was preempted in it, by a task that
 * sleeps in a function which an exit hook made the image call. Each of these has an address inside
 * the image on its stack: as the return address of a call it made, or as the instruction pointer
 * that an interrupt saved. Nothing else leads into an image, since nobody keeps pointers to it but
 * the site. So an image is free when no way back on any stack leads into it. That is looked up with all
 * CPUs held (task_visit_returns), costs nothing while tracing, and errs only on the safe side: a
 * word of an interrupted function that looks like an address delays the free. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/text.h"

#define IMAGE_HELD 38

struct image {
	struct text text;
	struct list_head list; /* of retired images */
	u32 *held[IMAGE_HELD]; /* counters of what it calls */
	u32 held_count;
	bool seen; /* found on a stack in the scan under way */
};

/* Once, at boot. */
void image_init(void);

/* len bytes for code, which is then generated for the address img->text.base and copied in by
 * image_fill. NULL if there is no memory. */
struct image *image_reserve(const char *name, u32 len);
void image_fill(struct image *img, const void *code, u32 len);

/* Adds 1 to *users now and takes it back when the image is freed. At most IMAGE_HELD of them. */
void image_hold(struct image *img, u32 *users);

/* An image that was never reachable. */
void image_discard(struct image *img);

/* The image is unreachable since the last poke. Frees it now if nobody is inside, else as soon as
 * nobody is; never waits, needs no memory. Task context, interrupts on. */
void image_retire(struct image *img);

/* Tries again for all that wait; gives how many still do. */
u32 image_reap(void);
