/* SPDX-License-Identifier: MIT */
/* Lab 4: five bytes change while seven other CPUs execute them; first the wrong way, then the right one. The
 * site holds the nop or a call, and becomes the other. */
#pragma once
#include "kernel/cpu/trap.h"
#include "kernel/layout.h"
#include "kernel/lib/types.h"

/* --- What the lab gives you ---------------------------------------------------------------------------- */

/* Writes len bytes of code. It remembers each write, for the report. */
void write_code(uptr addr, const u8 *bytes, u32 len);

/* Returns when every CPU has executed a serialising instruction. */
void sync_cpus(void);

/* Holds the site as it is now: returns when every other CPU has called the function some times more. */
void hold(void);

/* --- What you write ------------------------------------------------------------------------------------ */

/* The wrong way: writes the first byte of new, then the second, and so on to the fifth. After each one it
 * holds the site. */
void poke_by_bytes(uptr addr, const u8 new[SITE_LEN]);

/* Returns the address at which a CPU goes on that executes the site when the first `written` bytes of new
 * (0 to 5) stand there, and behind them those of the nop. new is a call. */
uptr torn_target(uptr addr, const u8 new[SITE_LEN], u32 written);

/* The right way: no CPU ever executes a mixture. The lab itself holds the site after each of your writes and
 * each of your syncs, so there is no need to call hold. */
void poke_mended(uptr addr, const u8 new[SITE_LEN]);

/* Called for each int3, with interrupts off; regs->ip is the address behind the int3. If the int3 belongs to
 * a poke_mended in progress, does what the new instruction will do, and returns true. Otherwise returns false
 * and changes nothing: the int3 belongs to another owner. Below regs->sp there is room for 8 bytes. */
bool mended_trap(struct pt_regs *regs);
