/* SPDX-License-Identifier: MIT */
/* From the steps of a plan to instructions. One file per architecture: gen_x86_64.c. */
#pragma once
#include "kernel/lib/code.h"
#include "tramp/plan.h"

/* The `align` of plan_make. */
extern const u32 gen_frame_align;

struct gen {
	const struct plan *plan;
	const struct model *model;
	const struct hook *hooks;
	uptr original; /* the function's body, behind its site */
	/* gen_image stores offsets here: where the code of each step begins (starts[count]: the cold part).
	 * In an image that calls the body: where the body returns to, the gate, and where the gate leads. */
	u32 starts[PLAN_STEPS + 1];
	u32 after_original, gate, hooks_end;
};

/* Writes the whole image to c. Returns c->err: ENOSPC if the buffer is too small, ERANGE if a target is out
 * of reach. */
enum err gen_image(struct code *c, struct gen *g);

/* Write code around a call that must stay on its CPU. gen_preempt_off adds 1 to the preempt count, and keeps
 * all argument registers. gen_preempt_on subtracts it, and calls the scheduler if asked to meanwhile. */
void gen_preempt_off(struct code *c);
void gen_preempt_on(struct code *c);
