// SPDX-License-Identifier: MIT
// The five-byte instructions of a site, and what each does to a CPU that meets an int3 in its place.
#include "kernel/lib/mem.h"
#include "kernel/lib/x86.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/trap.h"
#include "tramp/text/poke_arch.h"

const u8 poke_int3 = X86_INT3;

static struct code five_bytes(u8 bytes[SITE_LEN], uptr addr)
{
	return (struct code){ .buf = bytes, .base = addr, .cap = SITE_LEN };
}

void poke_make_nop(u8 bytes[SITE_LEN])
{
	struct code c = five_bytes(bytes, 0);
	nop(&c, SITE_LEN);
}

void poke_make_call(u8 bytes[SITE_LEN], uptr addr, uptr target)
{
	struct code c = five_bytes(bytes, addr);
	call(&c, target);
	assert(!c.err);
}

void poke_make_jmp(u8 bytes[SITE_LEN], uptr addr, uptr target)
{
	struct code c = five_bytes(bytes, addr);
	jmp_to(&c, target);
	assert(!c.err);
}

static notrace uptr rel32_target(const struct poke *p)
{
	i32 rel;
	memcpy(&rel, p->new + 1, 4);
	return p->addr + SITE_LEN + (uptr)(i64)rel;
}

notrace uptr poke_trap_addr(const struct pt_regs *regs)
{
	return regs->ip - 1;
}

/* The entry of vector 3 leaves a gap below the interrupted stack for the return address of a call. */
notrace void poke_emulate(const struct poke *p, struct pt_regs *regs)
{
	switch (p->new[0]) {
	case X86_CALL:
		regs->sp -= sizeof(uptr);
		*(uptr *)regs->sp = p->addr + SITE_LEN;
		regs->ip = rel32_target(p);
		break;
	case X86_JMP: regs->ip = rel32_target(p); break;
	default: regs->ip = p->addr + SITE_LEN; /* the nop */
	}
}

static notrace bool is_of_a_site(const u8 bytes[SITE_LEN])
{
	return bytes[0] == X86_CALL || bytes[0] == X86_JMP || memcmp(bytes, x86_nop(SITE_LEN), SITE_LEN) == 0;
}

/* QEMU may have executed a stale translation of an int3 (step 6). It would do so for ever if this is a
 * softirq that keeps the poking task from step 6. But a translation is valid for one value of RF only: with
 * RF set, QEMU translates it again. To a CPU, RF means: no instruction breakpoint here, once.
 *
 * In an NMI, RF is lost on return (kernel/cpu/x86_64/entry.asm). So there this function emulates what the
 * address holds now. Only its first byte can change meanwhile, since the first sync of the next change waits
 * for this CPU. */
notrace void poke_retry(struct pt_regs *regs)
{
	struct poke now = { .addr = poke_trap_addr(regs) };

	memcpy(now.new, (const void *)now.addr, SITE_LEN);
	if (in_nmi() && is_of_a_site(now.new)) {
		poke_emulate(&now, regs);
		return;
	}
	regs->flags |= FLAGS_RF;
	regs->ip = poke_trap_addr(regs);
}
