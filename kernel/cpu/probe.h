/* SPDX-License-Identifier: MIT */
/* Reading memory that may not be there. */
#pragma once
#include "kernel/lib/err.h"

/* Copies len bytes from any address, with no alignment needed; EFAULT, and dst all zero, if any of
 * them cannot be read. Any context. */
enum err probe_read(void *dst, uptr src, u32 len);

/* Writes likewise; EFAULT and maybe a part written if any byte cannot be written. */
enum err probe_write(uptr dst, const void *src, u32 len);

/* If size bytes at addr, 4 or 8, are those of *old, they become those of new, in one locked operation;
 * *old becomes what was there. EFAULT if they cannot be written, even with nothing to change. */
enum err probe_cmpxchg(uptr addr, u64 *old, u64 new, u32 size);

/* A string with its 0, at most size bytes, always ended. Returns its length with the 0, or 0 if src
 * cannot be read (dst is then empty). size >= 1. */
u32 probe_read_str(char *dst, uptr src, u32 size);
