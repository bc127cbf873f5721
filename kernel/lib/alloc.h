/* SPDX-License-Identifier: MIT */
/* What code in lib needs from outside: memory. kernel/mem/heap.h declares the kernel's functions, the host
 * tests have their own. Declared here because lib includes nothing outside lib. */
#pragma once
#include "kernel/lib/types.h"

void *kmalloc(size_t len);
void kfree(void *ptr);
