/* SPDX-License-Identifier: MIT */
/* Memory for everything that is not a page: like malloc, in the top 2 GiB, usable in interrupts. */
#pragma once
#include "kernel/lib/types.h"

/* len bytes (1 .. 32 MiB), 16-byte aligned; NULL if there is no room. */
void *kmalloc(size_t len);

/* The same, all zero. */
void *kzalloc(size_t len);

/* NULL is allowed. */
void kfree(void *ptr);

/* Bytes handed out and not yet freed, and allocations made so far. For tests: nothing may leak. */
void heap_usage(u64 *bytes_in_use, u64 *allocations);

/* The nth next allocation fails (1: the very next), once; 0 switches it off. For tests of undoing. */
void heap_fail_after(u32 nth);
