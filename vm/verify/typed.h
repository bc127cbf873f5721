/* SPDX-License-Identifier: MIT */
/* Of the walk: what a program finds in its context, and in objects of the kernel: both by BTF. */
#pragma once
#include "vm/verify/walk.h"

/* Which argument of the function begins in that slot of the context, counted from 1; 0 if none is known to. */
u32 context_argument(const struct prog *p, u64 slot);

/* A load through a register that holds the context; one through the address of a kernel object. */
enum err context_read(struct walk *w, const struct insn *in, struct reg *result);
enum err object_read(struct walk *w, const struct insn *in, struct reg *result);
