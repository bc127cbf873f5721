/* SPDX-License-Identifier: MIT */
/* What the poke protocol needs from the architecture. Each has a file that implements it: poke_x86_64.c. */
#pragma once
#include "tramp/text/poke.h"

struct pt_regs;

/* The one-byte breakpoint. */
extern const u8 poke_int3;

/* The address of the breakpoint that the CPU has met. */
uptr poke_trap_addr(const struct pt_regs *regs);

/* Changes regs as p's new instruction would change the interrupted CPU. */
void poke_emulate(const struct poke *p, struct pt_regs *regs);

/* Makes the CPU go back to the address of the breakpoint, and execute what the address holds now. */
void poke_retry(struct pt_regs *regs);
