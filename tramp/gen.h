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

/* Code around a call that must stay on its CPU: 1 up, and 1 down again, with a call of the scheduler if
 * somebody asked for it meanwhile. Arguments of the call may be in registers before the first. */
void gen_preempt_off(struct code *c);
void gen_preempt_on(struct code *c);
