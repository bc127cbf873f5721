/* SPDX-License-Identifier: MIT */
/* Pages: a buddy allocator over the RAM of the first GiB. A block of order n is 2^n pages, aligned to
 * its own size; addresses are those of the direct mapping (kernel/mem/paging.h). Safe in interrupts. */
#pragma once
#include "kernel/lib/types.h"

#define PAGE_ORDERS 14 /* the largest block: order 13, 32 MiB */

/* Takes over what boot_info says is usable and not reserved. */
void page_init(void);

/* NULL if there is no block. What it holds is undefined. */
void *page_alloc(u32 order);

/* Takes back a whole block, given by its first byte; anything else is our bug. */
void page_free(void *block);

/* The order of the allocated block that begins at ptr; -1 if none begins there. */
int page_order(const void *ptr);

/* In pages. */
void page_usage(u32 *free, u32 *total);
