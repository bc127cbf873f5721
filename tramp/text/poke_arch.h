/* SPDX-License-Identifier: MIT */
/* What the poke protocol asks of the architecture. One file for each answers: poke_x86_64.c. */
#pragma once
#include "tramp/text/poke.h"

struct pt_regs;

/* The one-byte breakpoint. */
extern const u8 poke_int3;

/* The address of the breakpoint that the CPU has met. */
uptr poke_trap_addr(const struct pt_regs *regs);

/* Does to the interrupted CPU what p's new instruction does. */
void poke_emulate(const struct poke *p, struct pt_regs *regs);

/* Sends the CPU back to the address of the breakpoint, to execute what it holds now. */
void poke_retry(struct pt_regs *regs);
