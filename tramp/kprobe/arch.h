/* SPDX-License-Identifier: MIT */
/* Between the parts of kprobes: probed instructions, and what kprobe.c asks of the architecture. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/code.h"
#include "kernel/lib/x86len.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "tramp/kprobe/kprobe.h"

/* How a displaced instruction is executed. */
enum insn_way {
	WAY_STEP, /* a copy, single-stepped */
	WAY_STEP_CALL, /* likewise; it has pushed a return address into the copy, which is mended */
	WAY_CALL, WAY_JMP, WAY_JCC, WAY_LOOP, WAY_RET, /* emulated: they depend on where they are */
	WAY_NOP, /* and pause, behind which QEMU 7.2 forgets the single step */
	WAY_PUSHF, WAY_POPF, WAY_CLI, WAY_STI,         /* emulated: stepping changes these flags */
};

struct displaced {
	u8 bytes[X86_MAX_LEN];
	struct x86_insn in;
	enum insn_way way;
};

/* One probed instruction. */
struct kprobe_point {
	uptr addr;
	struct kprobe_point *next; /* in its hash bucket */
	struct kprobe *probes;     /* in the order of registration */
	struct displaced insn;
	struct text slot; /* the copy that is stepped, if its way asks for one */
	struct sym func;
	char symbol[96]; /* of its slot or detour: kprobe_kfree_skb+0x5 */

	/* While it is reached by a jump, and while it is being made so: */
	struct image *detour;
	uptr copies;      /* in the detour: the displaced instructions */
	u32 covered;      /* bytes of whole instructions that the jump displaces; 0 if there is no jump */
	u8 old[SITE_LEN]; /* what the five bytes were */
	char why[112];    /* why there is no jump */

	u32 users;                 /* images that know this address */
	struct kprobe_point *dead; /* the next one that waits for its users to go */
};

/* The function as it would be without probes, from its first byte: *code is to be kfreed. */
enum err kprobe_read(const struct sym *func, u8 **code, struct strbuf *log);

/* Around a handler, with interrupts off: false if one runs on this CPU already. notrace. */
bool kprobe_enter(void);
void kprobe_leave(void);

/* At a function's entry, p->addr, through its site: ftrace.c. Not under tramp_lock. */
enum err kprobe_add_entry(struct kprobe *p, struct strbuf *log);
void kprobe_remove_entry(struct kprobe *p);

/* What a hit calls from a detour, interrupts as they were. notrace. */
void kprobe_detour_hit(struct kprobe_point *pt, struct pt_regs *regs);

/* Looks whether the instruction at code, which runs at addr, can be displaced. EOPNOTSUPP and why not. */
enum err displaced_prepare(struct displaced *d, const u8 *code, u32 avail, uptr addr, struct strbuf *log);

/* The instruction again, for another place: a displacement from rip is re-aimed. ERANGE in c if that
 * does not reach. */
void displaced_copy(struct code *c, const struct x86_insn *in, const u8 *bytes, uptr from);

/* Executes the instruction, which regs->ip points at: at once (true), or by a single step in the slot. */
bool displaced_run(const struct displaced *d, uptr slot, struct pt_regs *regs);

/* After one step in the slot: false if the instruction goes on (rep). */
bool displaced_stepped(const struct displaced *d, uptr addr, uptr slot, struct pt_regs *regs);

/* The flags of regs for a single step without interrupts; and as they were, given back with the
 * instruction's own changes. */
uptr step_begin(struct pt_regs *regs);
void step_end(struct pt_regs *regs, uptr flags);

/* Makes the jump, or says why not in pt->why: jump.c. pt has its int3 in place. */
enum err kprobe_optimise(struct kprobe_point *pt, struct strbuf *log);
void kprobe_unoptimise(struct kprobe_point *pt);

/* How many bytes of whole instructions a jump at pt->addr displaces, found in the function's bytes; 0 if it
 * may not, and why not. */
u32 detour_check(const struct kprobe_point *pt, const u8 *code, struct strbuf *log);

/* The detour for that many bytes; *copies is where in it the displaced instructions are. */
enum err detour_generate(struct code *c, struct kprobe_point *pt, const u8 *code, u32 covered, u32 *copies);

/* Of stack and registers, without the code. */
extern const struct kprobe_cost int3_cost, detour_cost;

/* Whether another probe lies in [from, to). */
bool kprobe_within(uptr from, uptr to);
