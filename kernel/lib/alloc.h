/* SPDX-License-Identifier: MIT */
/* Memory, the one thing that lib needs from outside. Declared here because lib includes nothing outside lib.
 * The kernel's functions are those of kernel/mem/heap.h; the host tests have their own. */
#pragma once
#include "kernel/lib/types.h"

void *kmalloc(size_t len);
void kfree(void *ptr);
