/* SPDX-License-Identifier: MIT */
/* Instructions that a probe displaces: whether each can run in another place, and running it there. One
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
	WAY_CALL,      /* emulated, with those up to WAY_RET: they depend on their own address */
	WAY_JMP,
	WAY_JCC,
	WAY_LOOP,
	WAY_RET,
	WAY_NOP,   /* emulated: nop, and pause, after which QEMU 7.2 forgets the single step */
	WAY_PUSHF, /* emulated, with those below: a single step changes these flags */
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

/* Writes the instruction for another place, with a displacement from rip corrected. Sets ERANGE in c if the
 * displacement does not reach. */
void displaced_copy(struct code *c, const struct x86_insn *in, const u8 *bytes, uptr from);

/* Executes the instruction at regs->ip. Returns true if it is done, false if the caller must let the CPU step
 * through the copy in the slot. notrace */
bool displaced_run(const struct displaced *d, uptr slot, struct pt_regs *regs);

/* After one step in the slot: returns false if the instruction is not finished (rep). notrace */
bool displaced_stepped(const struct displaced *d, uptr addr, uptr slot, struct pt_regs *regs);

/* Sets the flags of regs for a single step with interrupts off; returns the flags of before. step_end puts
 * these back, with the changes that the instruction itself made. Both notrace */
uptr step_begin(struct pt_regs *regs);
void step_end(struct pt_regs *regs, uptr flags);
