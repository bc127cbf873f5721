// SPDX-License-Identifier: MIT
// The poke protocol: how five bytes change while other CPUs execute them.
//
// Intel SDM vol. 3, "Handling Self- and Cross-Modifying Code": a CPU must not execute bytes that another one
// is changing, unless it serialises after the change. An int3 makes the change safe: it is one byte, so a CPU
// that arrives meets all of it, and never a mixture of old and new bytes.
//
//   1. Compare: every place of the batch holds its old bytes, or nothing happens.
//   2. Publish the batch, sorted by address, for the int3 handler.
//   3. Write int3 to every first byte; sync all CPUs. From here on no CPU executes the old instruction, and
//      none is between its bytes. A CPU that arrives traps, and the handler does what the new instruction
//      will do.
//   4. Write the other four bytes, which no CPU can reach; sync.
//   5. Write the first byte of the new instruction; sync. From here on no CPU traps.
//   6. Write the same first byte once more. No CPU needs that. QEMU 7.2 does: if one of its threads was
//      translating the int3 while step 5 overwrote it, the thread keeps the translation for good. By now all
//      threads have been interrupted, and a write makes that one drop it.
//   7. Withdraw the batch, and wait for handlers that still read it. These are handlers of foreign int3s.
//      Handlers of our own int3s have ended: their interrupts are off, so no sync can end before they do.
//
// tests/models/poke.pml has the same steps, checked exhaustively; beside it stands what breaks without each.
#include "tramp/text/poke_arch.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/sorted.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/cpu/stall.h"
#include "kernel/mem/sym.h"
#include "kernel/mem/text.h"
#include "kernel/cpu/trap.h"

static struct mutex poking;
static struct poke_stats stats;
static u64 traps[MAX_CPUS]; /* each changed by its CPU, atomically: an NMI may trap inside a trap */

/* The batch that the int3 handler searches; NULL while no change is in progress. */
static const struct poke *batch_in_progress;
static u32 batch_count;
static void (*observer)(u32 step);
static u32 handlers; /* how many CPUs are in the handler now; changed atomically */
static trap_handler *foreign_owner;

u64 poke_traps_on(u32 cpu)
{
	return read_once(traps[cpu]);
}

struct poke_stats poke_stats(void)
{
	struct poke_stats now = stats;
	for (u32 i = 0; i < cpu_count(); i++)
		now.traps += poke_traps_on(i);
	return now;
}

/* Binary search: a foreign int3 must not cost more when a thousand sites change. */
static notrace const struct poke *find_poke(const struct poke *batch, u32 count, uptr addr)
{
	u32 i = lower_bound(batch, count, addr, addr);
	return i < count && batch[i].addr == addr ? &batch[i] : NULL;
}

static notrace u8 read_byte(uptr addr)
{
	return *(const volatile u8 *)addr;
}

static notrace const struct poke *find_in_progress(uptr addr)
{
	const struct poke *batch = __atomic_load_n(&batch_in_progress, __ATOMIC_SEQ_CST);
	return batch ? find_poke(batch, batch_count, addr) : NULL;
}

/* Does what the new instruction of the change in progress does. Returns false if no change is in progress at
 * addr, or if the new instruction is an int3, which is its owner's. */
static notrace bool emulate_change(uptr addr, struct pt_regs *regs)
{
	const struct poke *p;
	bool ours;

	__atomic_fetch_add(&handlers, 1, __ATOMIC_SEQ_CST); /* before the batch is read: step 7 */
	p = find_in_progress(addr);
	ours = p && p->new[0] != poke_int3;
	if (ours) {
		poke_emulate(p, regs);
		__atomic_fetch_add(&traps[smp_processor_id()], 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_sub(&handlers, 1, __ATOMIC_SEQ_CST);
	return ours;
}

/* The owner is not counted in `handlers`, because it does not read the batch. So a kprobe that is hit on all
 * CPUs all the time does not keep step 7 waiting. */
static notrace bool is_foreign(uptr addr, struct pt_regs *regs)
{
	trap_handler *owner = read_once(foreign_owner);
	return owner && read_byte(addr) == poke_int3 && owner(regs);
}

/* Vector 3. Interrupts are off from the trap to the end. An unexplained int3 may have been one of ours that
 * has been replaced meanwhile; only emulators are that late, see step 6. Then the address holds the new
 * instruction, which can be executed, or the next change or a new kprobe has put an int3 there again. */
static notrace bool poke_trap(struct pt_regs *regs)
{
	uptr addr = poke_trap_addr(regs);

	if (emulate_change(addr, regs) || is_foreign(addr, regs))
		return true;
	if (read_byte(addr) == poke_int3)
		return emulate_change(addr, regs) || is_foreign(addr, regs);
	poke_retry(regs);
	return true;
}

/* Step 1. */
enum err poke_check(const struct poke *batch, u32 count, struct strbuf *log)
{
	for (u32 i = 0; i < count; i++) {
		const u8 *found = (const u8 *)batch[i].addr;
		if (memcmp(found, batch[i].old, SITE_LEN) == 0)
			continue;
		sym_print(log, batch[i].addr);
		str_printf(log, " at %#lx: expected ", batch[i].addr);
		str_hex(log, batch[i].old, SITE_LEN, " ");
		str_puts(log, " but found ");
		str_hex(log, found, SITE_LEN, " ");
		return str_refuse(log, EINVAL, "; nothing was changed");
	}
	return OK;
}

static void sort_batch(struct poke *batch, u32 count)
{
	sort_by(batch, count, addr);
	for (u32 i = 1; i < count; i++)
		assert(batch[i - 1].addr + SITE_LEN <= batch[i].addr);
}

void poke_observe(void (*fn)(u32 step))
{
	write_once(observer, fn);
}

static notrace void done(u32 step)
{
	if (observer)
		observer(step);
}

static notrace void sync_all(void)
{
	smp_sync_cores();
	stats.syncs++;
}

static notrace void wait_for_handlers(void)
{
	struct stall stall = { 0 };
	while (__atomic_load_n(&handlers, __ATOMIC_SEQ_CST)) {
		cpu_pause();
		stall_check(&stall, smp_others(), "an int3's handler has not ended");
	}
}

/* Steps 2 to 7. */
static notrace void change_all(const struct poke *batch, u32 count)
{
	batch_count = count; /* 2 */
	__atomic_store_n(&batch_in_progress, batch, __ATOMIC_SEQ_CST);
	done(2);

	for (u32 i = 0; i < count; i++) /* 3 */
		text_patch(batch[i].addr, &poke_int3, 1);
	sync_all();
	done(3);

	for (u32 i = 0; i < count; i++) /* 4 */
		text_patch(batch[i].addr + 1, batch[i].new + 1, SITE_LEN - 1);
	sync_all();
	done(4);

	for (u32 i = 0; i < count; i++) /* 5 */
		text_patch(batch[i].addr, batch[i].new, 1);
	sync_all();
	done(5);

	for (u32 i = 0; i < count; i++) /* 6 */
		text_patch(batch[i].addr, batch[i].new, 1);
	done(6);

	__atomic_store_n(&batch_in_progress, NULL, __ATOMIC_SEQ_CST); /* 7 */
	wait_for_handlers();
	done(7);
}

enum err poke_batch(struct poke *batch, u32 count, struct strbuf *log)
{
	enum err e;

	if (count == 0)
		return OK;
	assert(poking.owner != current);
	mutex_lock(&poking);
	sort_batch(batch, count);
	e = poke_check(batch, count, log);
	if (!e) {
		done(1);
		change_all(batch, count);
		stats.batches++;
		stats.pokes += count;
	}
	mutex_unlock(&poking);
	return e;
}

static void write_byte(uptr addr, u8 byte)
{
	text_patch(addr, &byte, 1);
	sync_all();
	text_patch(addr, &byte, 1); /* as in step 6 */
}

enum err poke_byte(uptr addr, u8 old, u8 new, struct strbuf *log)
{
	enum err e = OK;

	assert(poking.owner != current);
	mutex_lock(&poking);
	if (read_byte(addr) == old) {
		write_byte(addr, new);
	} else {
		sym_print(log, addr);
		str_printf(log, " at %#lx: expected %02x but found %02x; nothing was changed", addr, old,
			   read_byte(addr));
		e = EINVAL;
	}
	mutex_unlock(&poking);
	return e;
}

trap_handler *poke_set_foreign(trap_handler *owner)
{
	trap_handler *before = foreign_owner;
	write_once(foreign_owner, owner);
	return before;
}

void poke_init(void)
{
	mutex_init(&poking);
	trap_set_handler(TRAP_BP, poke_trap);
}
