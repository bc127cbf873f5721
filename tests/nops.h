/* SPDX-License-Identifier: MIT */
/* For tests that read sites and corrupt them: the nop that belongs there, and another of five bytes. */
#pragma once
#include "kernel/lib/mem.h"
#include "kernel/mem/text.h"
#include "tramp/text/poke.h"

static inline notrace bool holds_nop(uptr addr)
{
	u8 nop[SITE_LEN];
	poke_make_nop(nop);
	return memcmp((const void *)addr, nop, SITE_LEN) == 0;
}

static inline notrace void put_nop(uptr addr)
{
	u8 nop[SITE_LEN];
	poke_make_nop(nop);
	text_patch(addr, nop, SITE_LEN);
}

static inline notrace void put_other_nop(uptr addr)
{
	static const u8 other[SITE_LEN] = { 0x0f, 0x1f, 0x44, 0x00, 0x08 };
	text_patch(addr, other, SITE_LEN);
}
