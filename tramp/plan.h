/* SPDX-License-Identifier: MIT */
/* From (model, hooks) to a list of steps: what a trampoline does, before any instruction.
 *
 * Pure, and knows no register: the generator turns each step into one to five instructions, and the
 * shell shows both side by side. The frame is decided here, in bytes below the frame pointer:
 *
 *      frame pointer  saved frame pointer
 *               - 8   second word of a wide return value, if it has one    only if there is
 *               - …   return value, if there is one                        an exit hook
 *      context  - …   the slots, first one lowest; context[slot_count] is the return value
 *               - …   hidden pointer to the return value, if the function has one
 *               - …   copies of the stack arguments, for the original; the lowest one at the bottom
 */
#pragma once
#include "tramp/hook.h"
#include "tramp/model.h"

#define TRAMP_HOOKS 38 /* per function; Linux's BPF_MAX_TRAMP_LINKS */

enum step_kind {
	STEP_FRAME,       /* save the frame pointer, reserve the frame */
	STEP_SAVE_SLOT,   /* slot `n` from its register or stack word into the context, widened */
	STEP_SAVE_HIDDEN, /* the hidden first argument into the frame */
	STEP_PREEMPT_OFF, /* stay on this CPU from here */
	STEP_GUARD,       /* hook `n` runs on this CPU already: count a miss and skip it */
	STEP_CALL_HOOK,   /* hook `n` with the context */
	STEP_UNGUARD,     /* hook `n` has ended */
	STEP_PREEMPT_ON,  /* free to move again; reschedule if that was asked for meanwhile */
	STEP_LOAD_SLOT,   /* slot `n` back into its register */
	STEP_LOAD_HIDDEN,
	STEP_COPY_WORD,     /* stack word `n` of the caller, again for the original */
	STEP_CALL_ORIGINAL, /* the function's body, past its site */
	STEP_SAVE_RET,      /* what it returned, into the frame */
	STEP_LOAD_RET,
	STEP_UNFRAME,
	STEP_DROP_RETURN, /* drop the return address into the function: its body has run */
	STEP_RETURN,      /* to the function's body, or after STEP_DROP_RETURN to its caller */
	STEP_KINDS
};

struct step {
	enum step_kind kind;
	u32 n;
};

#define PLAN_STEPS (8 + 3 * MODEL_SLOTS + 3 * TRAMP_HOOKS + 8)

struct plan {
	struct step steps[PLAN_STEPS];
	u32 count;
	u32 context;  /* where context[0] is: so many bytes below the frame pointer */
	u32 ret;      /* the return value; 0 if it is not kept */
	u32 ret_high; /* its second word; 0 if it has none */
	u32 hidden;   /* the hidden pointer; 0 if there is none */
	u32 saved;    /* bytes that hold saved registers and words, the frame pointer included */
	u32 frame;    /* bytes reserved below the frame pointer, padding for alignment included */
};

/* hooks[count], in the order of attachment, 1 .. TRAMP_HOOKS; entry hooks run in it before the
 * body, exit hooks after. `align`: what the frame below the saved frame pointer must leave modulo 16
 * (the architecture's generator knows). E2BIG for too many hooks. */
enum err plan_make(struct plan *p, const struct model *m, const struct hook *hooks, u32 count, u32 align);

/* "save argument slot 0", in a few words, for people. hooks as given to plan_make. */
void step_print(struct strbuf *s, const struct step *step, const struct hook *hooks);
