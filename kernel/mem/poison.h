/* SPDX-License-Identifier: MIT */
/* In the test kernel freed memory is filled, so that its use is noticed: the filling faults as an address,
 * and is conspicuous as a number. For this the Makefile compiles heap.c and page.c a second time, with
 * POISON=1. In the normal kernel these functions do nothing. */
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

/* Panics if filled memory has changed: it was written to after it was freed. */
static inline notrace void poison_check(const void *at, size_t len)
{
	const u8 *byte = at;
	for (size_t i = 0; POISON && i < len; i++)
		if (byte[i] != POISON_FREE)
			panic("heap: 0x%lx was written to after it was freed: 0x%x", (uptr)&byte[i], byte[i]);
}
