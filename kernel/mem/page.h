/* SPDX-License-Identifier: MIT */
/* Pages: a buddy allocator over the RAM of the first GiB. A block of order n is 2^n pages, aligned to
 * its own size; addresses are those of the direct mapping (kernel/mem/paging.h). Safe in interrupts. */
#pragma once
#include "kernel/lib/types.h"

#define PAGE_ORDERS 14 /* the largest block: order 13, 32 MiB */

/* Takes over all memory that is usable and not reserved, as boot_info says. */
void page_init(void);

/* Returns a block with undefined contents; NULL if none of this order or above is free. */
void *page_alloc(u32 order);

/* Frees a whole block; block is its first byte. Panics if no allocated block begins there. */
void page_free(void *block);

/* The order of the allocated block that begins at ptr; -1 if none begins there. */
int page_order(const void *ptr);

/* How many pages are free, and how many there are in all. */
void page_usage(u32 *free, u32 *total);
