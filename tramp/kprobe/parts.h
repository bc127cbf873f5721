/* SPDX-License-Identifier: MIT */
/* The parts of kprobes, from the bottom up; each calls only those before it.
 *
 *   displaced_x86_64.c  runs an instruction in another place (displaced.h)
 *   point.c             the table of probed instructions; calls the handlers
 *   jump_x86_64.c       the detour of a jump
 *   jump.c              from int3 to a jump, and back
 *   int3.c              makes a point, handles its hits, drops it
 *   ftrace.c            the probe of an entry
 *   kprobe.c            registers probes (kprobe.h)
 *   kretprobe.c         registers probes of returns
 *
 * Except where notrace is said, the caller holds tramp_lock. */
#pragma once
#include "kernel/layout.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "tramp/kprobe/displaced.h"
#include "tramp/kprobe/kprobe.h"

/* One probed instruction. */
struct kprobe_point {
	uptr addr;
	struct kprobe_point *next; /* in its hash bucket */
	struct kprobe *probes;     /* in the order of registration */
	struct displaced insn;
	struct text slot; /* the copy that is stepped, if its way needs one */
	struct sym func;
	char symbol[96]; /* the name of its slot or detour: kprobe_kfree_skb+0x5 */

	/* While it is reached by a jump, and while the jump is being made: */
	struct image *detour;
	uptr copies;      /* where the displaced instructions are in the detour */
	u32 covered;      /* bytes of whole instructions that the jump displaces */
	u8 old[SITE_LEN]; /* the five bytes before the jump */
	char why[112];    /* why there is no jump */

	u32 users;                 /* how many images contain this struct's address */
	struct kprobe_point *dead; /* the next point that waits until it has no users */
};

/* point.c: returns the point at addr, NULL if there is none. notrace */
struct kprobe_point *point_find(uptr addr);

void point_link(struct kprobe_point *pt);
void point_unlink(struct kprobe_point *pt);

/* Whether a probe lies in [from, to). */
bool kprobe_within(uptr from, uptr to);

/* Reads the function as it is without probes: func->len bytes. The caller frees *code with kfree. ENOMEM */
enum err kprobe_read(const struct sym *func, u8 **code, struct strbuf *log);

/* Call them around a handler, with interrupts off. kprobe_enter returns false if a handler runs on this CPU
 * already; then the caller must not call kprobe_leave. notrace */
bool kprobe_enter(void);
void kprobe_leave(void);

/* Calls the handlers of p and of the probes behind it, or counts a miss for each. The handlers find ip in
 * regs->ip; afterwards regs->ip is as before. Interrupts are off. notrace */
void kprobe_call(struct kprobe *p, uptr ip, struct pt_regs *regs);

/* A detour calls this, with interrupts on or off as in the probed function. notrace */
void kprobe_detour_hit(struct kprobe_point *pt, struct pt_regs *regs);

/* Tells the auditor what probes have changed. */
void point_explain(void);

/* jump_x86_64.c: finds out what a jump at pt->addr displaces, from the function's bytes, and sets
 * pt->covered. EOPNOTSUPP: a jump is not possible, and the reason is in log. */
enum err detour_check(struct kprobe_point *pt, const u8 *code, struct strbuf *log);

/* Writes the detour for pt->covered bytes; *copies is the offset of the displaced instructions in it. */
enum err detour_generate(struct code *c, struct kprobe_point *pt, const u8 *code, u32 *copies);

/* Stack and registers of a hit; `code` is 0. */
extern const struct kprobe_cost int3_cost, detour_cost;

/* jump.c: replaces the int3 of pt by a jump, and the jump by the int3. EOPNOTSUPP, EBUSY, ENOMEM: the int3
 * stays. */
enum err kprobe_optimise(struct kprobe_point *pt, struct strbuf *log);
void kprobe_unoptimise(struct kprobe_point *pt);

/* Replaces all jumps that displace addr by their int3. */
void kprobe_unoptimise_over(uptr addr);

/* int3.c: makes a point, with its int3 in place. EINVAL: no instruction begins at addr; EOPNOTSUPP: it cannot
 * be displaced; ENOMEM. */
enum err point_make(struct kprobe_point **out, const struct sym *func, uptr addr, struct strbuf *log);

/* Puts the original bytes back, for a point without probes. On return no hit uses the point. */
void point_drop(struct kprobe_point *pt);

/* Frees the dropped points that no image contains; returns how many remain. */
u32 point_reap(void);

/* ftrace.c: adds p through ftrace, at the function's entry p->addr. The caller does not hold tramp_lock. */
enum err kprobe_add_entry(struct kprobe *p, struct strbuf *log);
void kprobe_remove_entry(struct kprobe *p);
