// SPDX-License-Identifier: MIT
// Lab 4: the wrong poke and the right one. torn.h says what each function does.
#include "labs/04-torn/torn.h"
#include "kernel/io/print.h"
#include "kernel/lib/mem.h"

void poke_by_bytes(uptr addr unused, const u8 new[SITE_LEN] unused)
{
	kprintf("lab 4: poke_by_bytes is not written yet\n");
}

uptr torn_target(uptr addr unused, const u8 new[SITE_LEN] unused, u32 written unused)
{
	kprintf("lab 4: torn_target is not written yet\n");
	return 0;
}

void poke_mended(uptr addr unused, const u8 new[SITE_LEN] unused)
{
	kprintf("lab 4: poke_mended is not written yet\n");
}

bool mended_trap(struct pt_regs *regs unused)
{
	return false;
}
