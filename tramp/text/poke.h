/* SPDX-License-Identifier: MIT */
/* Changes five bytes of live code while other CPUs execute them. No other module does that. */
#pragma once
#include "kernel/cpu/trap.h"
#include "kernel/layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

struct pt_regs;

/* One change.
 *
 *      old   what the address must hold now: one instruction of five bytes, or several if the caller knows
 *            that no task will go on between them
 *      new   what it will hold: a five-byte nop, call rel32, jmp rel32, or a foreign int3 and any four bytes
 *            behind it */
struct poke {
	uptr addr;
	u8 old[SITE_LEN], new[SITE_LEN];
};

/* Claims vector 3. */
void poke_init(void);

/* Store the bytes of the site's nop, of `call target` and of `jmp target` at addr. Several five-byte nops
 * exist; every generator, and the compiler, uses this one. */
void poke_make_nop(u8 bytes[SITE_LEN]);
void poke_make_call(u8 bytes[SITE_LEN], uptr addr, uptr target);
void poke_make_jmp(u8 bytes[SITE_LEN], uptr addr, uptr target);

/* Makes all changes of a batch, with three syncs of all CPUs for any count. Sorts the batch by address; no
 * two changes may overlap. EINVAL, with a sentence that names address, expected and found bytes, if one place
 * does not hold its `old`; nothing has changed then.
 *
 *  - Task context, interrupts on.
 *  - Needs no memory.
 *  - Two callers take turns. A poke from inside a poke is our bug. */
enum err poke_batch(struct poke *batch, u32 count, struct strbuf *log);

/* For tests, and for the shell's poke. Sets a function that the CPU that makes a change calls after each of
 * the steps 1 to 7 (tramp/text/poke.c), with interrupts on. It may sleep. NULL: none. */
void poke_observe(void (*observer)(u32 step));

/* Whether every place of the batch holds its `old` now. EINVAL and the same sentence if not. */
enum err poke_check(const struct poke *batch, u32 count, struct strbuf *log);

/* Changes one byte. That needs no protocol: a CPU meets the old byte or the new one. Kprobes set and remove
 * their breakpoints so. On return every CPU has serialised, and no CPU is still in the handler of a
 * breakpoint that it met before. EINVAL if the byte is not `old`. Rules as for poke_batch. */
enum err poke_byte(uptr addr, u8 old, u8 new, struct strbuf *log);

/* Sets the owner of every int3 that no change in progress explains, or that such a change puts in place. The
 * owner returns true if it has handled the trap. It runs with interrupts off, and may lower regs->sp by 16.
 * There is one owner: kprobes. Returns the owner before. */
trap_handler *poke_set_foreign(trap_handler *owner);

/* Counts since boot. traps: how often a CPU met an int3 of a change in progress. */
struct poke_stats {
	u64 batches, pokes, syncs, traps;
};
struct poke_stats poke_stats(void);

/* The traps of one CPU. */
u64 poke_traps_on(u32 cpu);
