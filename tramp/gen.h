/* SPDX-License-Identifier: MIT */
/* From the steps of a plan to instructions. One file per architecture: gen_x86_64.c. */
#pragma once
#include "kernel/lib/code.h"
#include "tramp/plan.h"

/* What plan_make wants to know about the architecture's frames. */
extern const u32 gen_frame_align;

struct gen {
	const struct plan *plan;
	const struct model *model;
	const struct hook *hooks;
	uptr original; /* the function's body, behind its site */
	/* Out, as offsets. Where each step's code begins, for people; starts[count] is the cold part's. In
	 * an image that calls the body: where the body returns to, the gate, and where the gate leads. */
	u32 starts[PLAN_STEPS + 1];
	u32 after_original, gate, hooks_end;
};

/* Writes the whole image to c. Gives c->err: ENOSPC if the buffer is too small, ERANGE if a target
 * is out of reach. */
enum err gen_image(struct code *c, struct gen *g);
