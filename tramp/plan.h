/* SPDX-License-Identifier: MIT */
/* From (model, hooks) to a list of steps: what a trampoline does, before any instruction is chosen.
 *
 * Pure, and without a register. The generator turns each step into one to six instructions; the shell shows
 * both side by side. The frame is decided here, in bytes below the frame pointer:
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

/* clang-format off */

/* The steps, each with the words that step_print prints: %u is the step's n, %s the name of hook n. */
#define STEPS(STEP) \
	STEP(FRAME, "save the frame pointer, make a frame") \
	STEP(SAVE_SLOT, "save argument slot %u")            /* from its register or stack word, widened */ \
	STEP(SAVE_HIDDEN, "save the hidden result pointer") \
	STEP(SAVE_COUNT, "context[-1]: slot count %u") \
	STEP(SAVE_IP, "context[-2]: the function's address") \
	STEP(CLEAR_SESSION, "session word %u is 0")         /* at first */ \
	STEP(PREEMPT_OFF, "stay on this CPU")               /* alone */ \
	STEP(MIGRATE_OFF, "stay on this CPU, even asleep")  /* other tasks may run there */ \
	STEP(GUARD, "skip %s if it runs here already")      /* and count a miss */ \
	STEP(SET_ENTRY, "context[-1]: %s at the call")      /* and where its session word is */ \
	STEP(SET_RETURN, "context[-1]: %s at the return") \
	STEP(SET_COOKIE, "context[-3]: the cookie of %s") \
	STEP(STATS_BEGIN, "read the clock") \
	STEP(CALL_HOOK, "call %s")                          /* with the context */ \
	STEP(KEEP_RESULT, "keep what %s returned")          /* it may replace the return value */ \
	STEP(STATS_END, "count a run of %s")                /* and its time */ \
	STEP(UNGUARD, "%s has ended") \
	STEP(PREEMPT_ON, "free to move; reschedule if asked") \
	STEP(MIGRATE_ON, "free to move") \
	STEP(LOAD_SLOT, "restore argument slot %u") \
	STEP(LOAD_HIDDEN, "restore the hidden result pointer") \
	STEP(CLEAR_RET, "there is no result yet")           /* that replaces the return value */ \
	STEP(SKIP_BODY, "not 0: go on behind the body") \
	STEP(COPY_WORD, "copy stack argument word %u")      /* for the original */ \
	STEP(CALL_ORIGINAL, "call the body, past the site") \
	STEP(SAVE_RET, "keep the return value") \
	STEP(GATE, "jumps over the hooks when retired")     /* a nop until then */ \
	STEP(LOAD_RET, "return what it returned") \
	STEP(UNFRAME, "leave the frame") \
	STEP(DROP_RETURN, "drop the return into the body")  /* the body has run */ \
	STEP(RETURN, "return")                              /* to the body; or to the caller, if it has run */

enum step_kind {
#define STEP(name, text) STEP_##name,
	STEPS(STEP)
#undef STEP
};

/* clang-format on */

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

/* Fills *p.
 *   hooks[count]  1 .. TRAMP_HOOKS of them, in the order of attachment; hooks of one kind run in this order
 *   align         what the frame's size below the saved frame pointer must be modulo 16, in an image that a
 *                 site calls (gen_frame_align)
 * Returns E2BIG if there are too many hooks. */
enum err plan_make(struct plan *p, const struct model *m, const struct hook *hooks, u32 count,
		   const struct plan_options *options, u32 align);

/* Appends a step in a few words: "save argument slot 0". hooks as for plan_make. */
void step_print(struct strbuf *s, const struct step *step, const struct hook *hooks);
