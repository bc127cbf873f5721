/* SPDX-License-Identifier: MIT */
/* Lab 1: a dump of memory, and what you can ask of it. A dump is a copy, so its bytes lie elsewhere than the
 * memory did: what was at the address base is at bytes[0] now. */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/types.h"

struct dump {
	uptr base;
	const u8 *bytes;
	u32 len;
};

enum holds { HOLDS_NOP, HOLDS_CALL, HOLDS_JMP, HOLDS_INT3, HOLDS_OTHER };

/* Returns where in the dump the len bytes are that were at addr; NULL if the dump lacks one of them. */
const u8 *dump_at(const struct dump *d, uptr addr, u32 len);

/* Returns the site of the function that the instruction at ip is part of: of all sites in the table, the
 * nearest one that is not above ip. The table was at the address `table`: count addresses of 8 bytes, in any
 * order. 0 if every site is above ip, or if the dump lacks a part of the table. */
uptr dump_site(const struct dump *d, uptr table, u32 count, uptr ip);

/* Returns what the five bytes of a site are. HOLDS_OTHER too if the dump lacks one of them. */
enum holds dump_holds(const struct dump *d, uptr site);

/* Returns where the call or the jmp at the site goes; 0 if it holds neither. */
uptr dump_target(const struct dump *d, uptr site);
