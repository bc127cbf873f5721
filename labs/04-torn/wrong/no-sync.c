// SPDX-License-Identifier: MIT
// replaces: torn.c
// fails: a sync between the writes
// with: sync between the int3 and the tail
// Lab 4: the wrong poke and the right one. torn.h says what each function does.
#include "labs/04-torn/torn.h"
#include "kernel/lib/mem.h"

static const u8 nop[SITE_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

void poke_by_bytes(uptr addr, const u8 new[SITE_LEN])
{
	for (u32 i = 0; i < SITE_LEN; i++) {
		write_code(addr + i, &new[i], 1);
		hold();
	}
}

static uptr call_target(uptr addr, const u8 bytes[SITE_LEN])
{
	i32 distance;
	memcpy(&distance, bytes + 1, 4);
	return addr + SITE_LEN + (uptr)(i64)distance;
}

uptr torn_target(uptr addr, const u8 new[SITE_LEN], u32 written)
{
	u8 mixture[SITE_LEN];
	memcpy(mixture, nop, SITE_LEN);
	memcpy(mixture, new, written);
	return written ? call_target(addr, mixture) : addr + SITE_LEN;
}

/* The change in progress; 0 if there is none. */
static uptr changing;
static u8 becomes[SITE_LEN];

void poke_mended(uptr addr, const u8 new[SITE_LEN])
{
	static const u8 int3 = 0xcc;
	memcpy(becomes, new, SITE_LEN);
	__atomic_store_n(&changing, addr, __ATOMIC_SEQ_CST);
	write_code(addr, &int3, 1);
	write_code(addr + 1, new + 1, SITE_LEN - 1);
	sync_cpus();
	write_code(addr, new, 1);
	sync_cpus();
	__atomic_store_n(&changing, 0, __ATOMIC_SEQ_CST);
}

bool mended_trap(struct pt_regs *regs)
{
	uptr addr = __atomic_load_n(&changing, __ATOMIC_SEQ_CST);
	if (!addr || regs->ip != addr + 1)
		return false;
	regs->ip = addr + SITE_LEN;
	if (becomes[0] == 0xe8) {
		regs->sp -= 8;
		*(uptr *)regs->sp = addr + SITE_LEN;
		regs->ip = call_target(addr, becomes);
	}
	return true;
}
