/* SPDX-License-Identifier: MIT */
/* Changing five bytes of live code while other CPUs execute them: the only place that does. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/err.h"
#include "kernel/lib/fmt.h"

struct pt_regs;

/* One change. `old` is what the address must hold now: any instructions of five bytes, if the caller knows
 * that no task is to go on between them. `new` is what it will hold: a five-byte nop, call rel32, jmp rel32,
 * or a foreign int3 and anything behind it. */
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
 * steps 1 to 7 (tramp/text/poke.c), until NULL takes its place. Interrupts are on. For tests. */
void poke_observe(void (*observer)(u32 step));

/* Whether poke_batch would find every `old` now; EINVAL and the same sentence if not. */
enum err poke_check(const struct poke *batch, u32 count, struct strbuf *log);

/* Changes one byte, which can be done without a protocol: whoever comes by meets the one or the other. It
 * is how a breakpoint that stays (a kprobe's) is put and taken away. On return every CPU has serialised, and
 * none is in the handler of a breakpoint that was met before. EINVAL if the byte is not `old`. Callers as
 * for poke_batch. */
enum err poke_byte(uptr addr, u8 old, u8 new, struct strbuf *log);

/* Who is asked about an int3 that no change under way explains; gives what it gave: true if it has dealt with
 * it. Also asked where a change under way puts an int3. One owner: kprobes. It runs with interrupts off,
 * and may lower regs->sp by 16. */
void poke_set_foreign(bool (*owner)(struct pt_regs *regs));

/* Since boot. traps: how often a CPU met an int3 of a change under way. */
struct poke_stats {
	u64 batches, pokes, syncs, traps;
};
struct poke_stats poke_stats(void);
