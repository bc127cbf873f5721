/* SPDX-License-Identifier: MIT */
/* The settings of the JIT that change its code, for tests that try each. */
#pragma once
#include "vm/op.h"

#define JIT_WAYS 2

/* Way 0 is as programs find it; leave it so. */
static inline void jit_way(u32 way)
{
	op_tricks_off = way == 1 ? ~0u : 0;
}
