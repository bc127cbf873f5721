/* SPDX-License-Identifier: MIT */
/* From (model, hooks) to a list of steps: what a trampoline does, before any instruction.
 *
 * Pure, and without a register: the generator turns each step into one to six instructions, and the shell
 * shows both side by side. The frame is decided here, in bytes below the frame pointer:
 *
 *      frame pointer  saved frame pointer
 *               - 8   second word of a wide return value, if it has one    only if the image
 *               - …   return value, if there is one                        calls the body
 *      context  - …   the slots, first one lowest; context[slot_count] is the return value
 *               - …   context[-1]: slot_count | session word << 8 | is_return << 63
 *               - …   context[-2]: address of the function
 *               - …   context[-3]: cookie of the hook that runs
 *               - …   session words, one for each session: context[-4], context[-5], ...
 *               - …   hidden pointer to the return value, if the function has one
 *               - …   when the hook that runs was called, while run-time statistics are on
 *               - …   copies of the stack arguments, for the original; the lowest one at the bottom
 *
 * Of the words below the context, only those exist that some hook reads. */
#pragma once
#include "tramp/hook.h"
#include "tramp/model.h"

#define TRAMP_HOOKS 38 /* per function; Linux's BPF_MAX_TRAMP_LINKS */

/* The words below the context, as context[-n]: ORDER HEADER. */
enum { BELOW_COUNT = 1, BELOW_IP, BELOW_COOKIE };

enum step_kind {
	STEP_FRAME,         /* save the frame pointer, reserve the frame */
	STEP_SAVE_SLOT,     /* slot `n` from its register or stack word into the context, widened */
	STEP_SAVE_HIDDEN,   /* the hidden first argument into the frame */
	STEP_SAVE_COUNT,    /* how many slots there are, `n`, into context[-1] */
	STEP_SAVE_IP,       /* the function's address into context[-2] */
	STEP_CLEAR_SESSION, /* session word `n` begins as 0 */
	STEP_PREEMPT_OFF,   /* stay on this CPU from here, alone */
	STEP_MIGRATE_OFF,   /* stay on this CPU from here; others may run there, and this may sleep */
	STEP_GUARD,         /* hook `n` runs on this CPU already: count a miss and skip it */
	STEP_SET_ENTRY,     /* tell hook `n`, of a session, where its word is, and that this is the call */
	STEP_SET_RETURN,    /* ... and that this is the return */
	STEP_SET_COOKIE,    /* tell hook `n` its cookie */
	STEP_STATS_BEGIN,   /* read the clock */
	STEP_CALL_HOOK,     /* hook `n` with the context */
	STEP_KEEP_RESULT,   /* what hook `n` returned may replace the return value */
	STEP_STATS_END,     /* count one run of hook `n`, and its time */
	STEP_UNGUARD,       /* hook `n` has ended */
	STEP_PREEMPT_ON,    /* free to move again; reschedule if that was requested meanwhile */
	STEP_MIGRATE_ON,
	STEP_LOAD_SLOT, /* slot `n` back into its register */
	STEP_LOAD_HIDDEN,
	STEP_CLEAR_RET,     /* no hook replaces the return value yet */
	STEP_SKIP_BODY,     /* if one does, go on behind the body */
	STEP_COPY_WORD,     /* stack word `n` of the caller, again for the original */
	STEP_CALL_ORIGINAL, /* the function's body, past its site */
	STEP_SAVE_RET,      /* its return value into the frame */
	STEP_GATE,          /* a nop; when the image is retired, a jump over the exit hooks */
	STEP_LOAD_RET,
	STEP_UNFRAME,
	STEP_DROP_RETURN, /* drop the return address into the function: its body has run */
	STEP_RETURN,      /* to the function's body, or to its caller if the body has run */
	STEP_KINDS
};

struct step {
	enum step_kind kind;
	u32 n;
};

#define PLAN_STEPS (16 + 3 * MODEL_SLOTS + 14 * TRAMP_HOOKS)

struct plan {
	u32 context;  /* where context[0] is, in bytes below the frame pointer */
	u32 ret;      /* the return value; 0 if it is not saved */
	u32 ret_high; /* its second word; 0 if it has none */
	u32 session;  /* the first session's word; the others lie below it */
	u32 hidden;   /* the hidden pointer; 0 if there is none */
	u32 started;  /* when the running hook was called; 0 without statistics */
	u32 saved;    /* bytes that hold saved registers and words, the frame pointer included */
	u32 frame;    /* bytes reserved below the frame pointer, padding for alignment included */
	bool by_jmp;  /* its site jumps to it: it calls the body, and returns to the function's caller */
	u32 count;
	struct step steps[PLAN_STEPS];
};

/* How images are built, whatever hooks they have. */
struct plan_options {
	bool by_jmp; /* images that call the body are entered by jmp, so that no return address is dropped */
	bool stats;  /* count runs and time of each hook */
};

/* hooks[count]: 1 .. TRAMP_HOOKS, in the order of attachment, in which those of a kind run. `align`: the size
 * modulo 16 of the frame below the saved frame pointer in an image that a site calls (gen_frame_align).
 * E2BIG: too many hooks. */
enum err plan_make(struct plan *p, const struct model *m, const struct hook *hooks, u32 count,
		   const struct plan_options *options, u32 align);

/* Prints a step in a few words: "save argument slot 0". hooks as for plan_make. */
void step_print(struct strbuf *s, const struct step *step, const struct hook *hooks);
