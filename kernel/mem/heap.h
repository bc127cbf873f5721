/* SPDX-License-Identifier: MIT */
/* Memory in any size, like malloc's. It lies in the top 2 GiB. All functions work in interrupts. */
#pragma once
#include "kernel/lib/types.h"

/* Returns len bytes (1 .. 32 MiB), aligned to 16; NULL if there is no room. */
void *kmalloc(size_t len);

/* The same, all zero. */
void *kzalloc(size_t len);

/* NULL is allowed. */
void kfree(void *ptr);

/* Makes room for `more` bytes behind the first len of a text from kmalloc, *cap bytes long; or NULL and 0.
 * Returns false if there is no room; the text stays. */
bool heap_grow(char **text, u32 len, u32 *cap, u32 more);

/* For tests, so that nothing leaks: bytes in use now, and allocations made since boot. */
void heap_usage(u64 *bytes_in_use, u64 *allocations);

/* For tests: makes one allocation fail, the nth from now (1: the next). 0: none fails. */
void heap_fail_after(u32 nth);
