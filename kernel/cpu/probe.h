/* SPDX-License-Identifier: MIT */
/* Reads and writes memory that may not be mapped. */
#pragma once
#include "kernel/lib/err.h"

/* Copies len bytes from any address, of any alignment. EFAULT if one of them cannot be read; dst is then all
 * zero. Any context. */
enum err probe_read(void *dst, uptr src, u32 len);

/* Writes likewise. EFAULT if one of them cannot be written; a part may be written then. */
enum err probe_write(uptr dst, const void *src, u32 len);

/* If the size bytes (4 or 8) at addr are those of *old, they become those of new, in one locked operation.
 * *old becomes what was there. EFAULT if they cannot be written, even if they would not change. */
enum err probe_cmpxchg(uptr addr, u64 *old, u64 new, u32 size);

/* Copies a string with its 0, at most size bytes (size >= 1); dst always ends with a 0. Returns the length
 * with the 0, or 0 if src cannot be read (dst is then empty). */
u32 probe_read_str(char *dst, uptr src, u32 size);
