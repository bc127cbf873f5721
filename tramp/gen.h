/* SPDX-License-Identifier: MIT */
/* From the steps of a plan to instructions. One file per architecture: gen_x86_64.c. */
#pragma once
#include "kernel/lib/code.h"
#include "tramp/plan.h"

/* For plan_make. */
extern const u32 gen_frame_align;

struct gen {
	const struct plan *plan;
	const struct model *model;
	const struct hook *hooks;
	uptr original; /* the function's body, behind its site */
	/* Written by gen_image, as offsets: where the code of each step begins (starts[count]: of the cold
	 * part). In an image that calls the body: where the body returns to, the gate, and where the gate leads. */
	u32 starts[PLAN_STEPS + 1];
	u32 after_original, gate, hooks_end;
};

/* Writes the whole image to c. Returns c->err: ENOSPC if the buffer is too small, ERANGE if a target is out
 * of reach. */
enum err gen_image(struct code *c, struct gen *g);

/* Code around a call that must stay on its CPU: adds 1 to the preempt count, takes it away, and calls the
 * scheduler if that was requested meanwhile. The first keeps all argument registers. */
void gen_preempt_off(struct code *c);
void gen_preempt_on(struct code *c);
