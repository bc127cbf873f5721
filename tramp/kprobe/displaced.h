/* SPDX-License-Identifier: MIT */
/* Instructions that a probe displaces: finds out whether one can run in another place, and runs it there. One
 * file per architecture: displaced_x86_64.c. */
#pragma once
#include "kernel/lib/code.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/x86len.h"

struct pt_regs;

/* How a displaced instruction is executed. */
enum insn_way {
	WAY_STEP,      /* a copy, single-stepped */
	WAY_STEP_CALL, /* likewise; the return address that it pushes leads into the copy, and is corrected */
	WAY_CALL,      /* emulated, as are those up to WAY_RET: they depend on their own address */
	WAY_JMP,
	WAY_JCC,
	WAY_LOOP,
	WAY_RET,
	WAY_NOP,   /* emulated: nop, and pause, after which QEMU 7.2 forgets the single step */
	WAY_PUSHF, /* emulated, as are those below: a single step needs the flags that they use */
	WAY_POPF,
	WAY_CLI,
	WAY_STI,
};

struct displaced {
	u8 bytes[X86_MAX_LEN];
	struct x86_insn in;
	enum insn_way way;
};

/* Fills *d with the instruction at code, which runs at addr. EOPNOTSUPP: it cannot be displaced, and the
 * reason is in log. */
enum err displaced_prepare(struct displaced *d, const u8 *code, u32 avail, uptr addr, struct strbuf *log);

/* Writes to c the instruction that runs at `from`, and corrects its displacement from rip, if it has one.
 * c->err becomes ERANGE if the new displacement does not fit. */
void displaced_copy(struct code *c, const struct x86_insn *in, const u8 *bytes, uptr from);

/* Executes the instruction at regs->ip. Returns true if that is done; false if the caller must let the CPU
 * step through the copy, to which regs->ip then points. notrace */
bool displaced_run(const struct displaced *d, uptr slot, struct pt_regs *regs);

/* After one step in the slot: corrects regs as if the instruction had run at addr. Returns false if it is not
 * finished (rep). notrace */
bool displaced_stepped(const struct displaced *d, uptr addr, uptr slot, struct pt_regs *regs);

/* step_begin sets the flags of regs for a single step with interrupts off, and returns the previous flags.
 * step_end restores these, with the changes that the instruction itself made. Both notrace */
uptr step_begin(struct pt_regs *regs);
void step_end(struct pt_regs *regs, uptr flags);
