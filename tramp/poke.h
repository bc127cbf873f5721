/* SPDX-License-Identifier: MIT */
/* Changing five bytes of live code while other CPUs execute them: the only place that does. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

/* One change. `old` is what the address must hold now, `new` is what it will hold: a five-byte
 * nop, call rel32 or jmp rel32 each. */
struct poke {
	uptr addr;
	u8 old[SITE_LEN], new[SITE_LEN];
};

/* Claims vector 3. */
void poke_init(void);

/* The bytes of the site's nop, of `call target` and of `jmp target` at addr. Several five-byte nops
 * exist: this is the one that the compiler leaves and that every generator must use. */
void poke_make_nop(u8 bytes[SITE_LEN]);
void poke_make_call(u8 bytes[SITE_LEN], uptr addr, uptr target);
void poke_make_jmp(u8 bytes[SITE_LEN], uptr addr, uptr target);

/* Makes all changes of a batch (sorted here by address; no two may overlap) with three syncs of all
 * CPUs for any count. EINVAL, with a sentence that names address, expected and found bytes, if one
 * place does not hold its `old`: then nothing has been changed. Needs no memory. Task context,
 * interrupts on. Two callers take turns; a poke from inside a poke is our bug. */
enum err poke_batch(struct poke *batch, u32 count, struct strbuf *log);

/* Whoever wants to look while a change is under way: runs on the CPU that changes, behind each of the
 * steps 1 to 7 (tramp/poke.c), until NULL takes its place. Interrupts are on. For the self-test and tests. */
void poke_observe(void (*observer)(u32 step));

/* Whether poke_batch would find every `old` now; EINVAL and the same sentence if not. */
enum err poke_check(const struct poke *batch, u32 count, struct strbuf *log);

/* Pokes a site of its own through all changes and looks between the steps; panics if anything is wrong.
 * Once, at boot. */
void poke_selftest(void);

/* Since boot. traps: how often a CPU met an int3 of a change under way. */
struct poke_stats {
	u64 batches, pokes, syncs, traps;
};
struct poke_stats poke_stats(void);
