/* SPDX-License-Identifier: MIT */
/* What lib code needs from the system it runs in: memory. kernel/mem/heap.h is the kernel's, the host
 * tests bring their own; declared here because lib includes nothing outside lib. */
#pragma once
#include "kernel/lib/types.h"

void *kmalloc(size_t len);
void kfree(void *ptr);
