/* SPDX-License-Identifier: MIT */
/* What freed memory holds. In the test kernel it is filled, so that an access to it is seen: as an address
 * the filling faults, as a number it stands out. The Makefile compiles heap.c and page.c a second time for
 * that, with POISON=1; in the normal kernel nothing of it is left. */
#pragma once
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"

#ifndef POISON
#define POISON 0
#endif

enum { POISON_FREE = 0x6b };

static inline notrace void poison(void *at, size_t len)
{
	if (POISON)
		memset(at, POISON_FREE, len);
}

/* Panics if memory that was filled is not what it was: written to after it was freed. */
static inline notrace void poison_check(const void *at, size_t len)
{
	const u8 *byte = at;
	for (size_t i = 0; POISON && i < len; i++)
		if (byte[i] != POISON_FREE)
			panic("heap: 0x%lx was written to after it was freed: 0x%x", (uptr)&byte[i], byte[i]);
}
