/* SPDX-License-Identifier: MIT */
/* Images: generations of generated code, and when their memory is free again.
 *
 * When its site leads elsewhere, an image may still be in use:
 *   - by a CPU inside it;
 *   - by a task that was preempted in it;
 *   - by a task that sleeps in a function that the image has called: the traced one, or a hook that may
 *     sleep.
 *
 * Each of them has an address inside the image on its stack: the return address of a call, or the instruction
 * pointer that an interrupt has saved. Nothing else leads into an image, since only the site has a pointer to
 * it. So an image is free when no return address on any stack leads into it. All CPUs are held while the
 * stacks are read (task_visit_returns). That costs nothing while functions are traced. It errs only on the
 * safe side: a word of an interrupted function that looks like an address delays the free.
 *
 * At a site that is shared, ftrace's caller reads where the image is, and then goes there. An image of such a
 * site is free only if no CPU and no task is in that caller either.
 *
 * A task that sleeps in the body of the traced function needs no hook any more. It returns to a gate, which
 * becomes a jump over the exit hooks when the image is retired. So when only such tasks keep an image, the
 * image stays, but no longer holds what it could call. The price, as on Linux: a call that is in the body
 * while hooks are added or removed does not run its exit hooks, not even those that stay. */
#pragma once
#include "kernel/lib/list.h"
#include "kernel/mem/text.h"
#include "tramp/text/poke.h"

#define IMAGE_HELD 39 /* TRAMP_HOOKS, and a traced program */

/* A step of the plan, for GDB: where its code begins, what it is (enum step_kind), and its n. */
struct image_step {
	u16 start;
	u8 kind, n;
};

struct image {
	struct text text;
	struct list_head list; /* of retired images, or of spare ones */
	u32 *held[IMAGE_HELD]; /* counters of what it can call: `body_held` for the body, then the hooks' */
	u32 held_count, body_held;
	bool by_jmp;     /* its site jumps to it */
	bool via_ftrace; /* ftrace's caller can lead to it: it reads the image's address from site->direct */
	/* Offsets in an image that calls the body: where the body returns to; the gate (0: none); the end of
	 * the exit hooks. */
	u32 after_original, gate, hooks_end;
	struct image_step *steps; /* they lie behind the struct; the last one is the cold part */
	u32 step_count, step_room;
	bool seen, body_seen; /* in this scan: a return address leads into it; one of the body does */
};

/* How an image is freed. tests/models/image.pml proves it; beside it stands what breaks without each step.
 *   1. No CPU can enter it any more: its site leads elsewhere, and so does site->direct, which ftrace's
 *      caller reads at a site that is shared.
 *   2. Its gate is closed: the nop behind the call of the original becomes a jump past the exit hooks.
 *   3. All other CPUs are held.
 *   4. Every return address is looked up, also those of the task that does this.
 *   5. An image to which site->direct ever led waits until no CPU and no task is in ftrace's caller either. A
 *      task may have been there since before ftrace left the site. So site->direct never leads to an image
 *      that was not made for it.
 *   6. An image to which no return address leads is freed. It holds what it calls until then, or until every
 *      return address that leads into it is that of the original, which leads to the gate. */

/* Once, at boot. */
void image_init(void);

/* Sets the code that leads to images with via_ftrace. A task that is in it may hold the address of an image
 * that is retired. Once, at boot. */
void image_reached_through(const struct text *caller);

/* Reserves len bytes for code, which text_fill writes to img->text, and room for that many steps. Its symbol
 * is prefix and name, both copied. NULL if there is no memory. */
struct image *image_reserve(const char *prefix, const char *name, u32 len, u32 steps);

/* The same, and `write` writes its code, of at most max bytes. NULL also if write fails. */
struct image *image_make(const char *prefix, const char *name, u32 max, text_writer *write, void *arg);

/* Adds 1 to *users, and subtracts it when the image can no longer call what *users counts for. At most
 * IMAGE_HELD of them per image. */
void image_hold(struct image *img, u32 *users);

/* Frees an image that was never reachable. */
void image_discard(struct image *img);

/* Stores in *p the change that closes the image's gate, which it must have. The caller pokes it together with
 * the change that makes the image unreachable. */
void image_gate(const struct image *img, struct poke *p);

/* Takes over an image that the last poke has made unreachable, and whose gate it has closed. image_reap frees
 * it when it is not in use. Never waits for that, and needs no memory. Task context, interrupts on. */
void image_retire(struct image *img);

/* Frees the retired images that are not in use. Tries again later for the others, and returns how many they
 * are. */
u32 image_reap(void);
