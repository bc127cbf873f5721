/* SPDX-License-Identifier: MIT */
/* What only host tests have: files, the captured print buffer, and a switch for every service. */
#pragma once
#include "kernel/lib/err.h"

/* Sets up CPU 0 (GS), the heap, text memory and the fault handler. Call it before anything else. */
void host_init(void);

/* Returns the bytes of a file, at a 16-byte aligned address; NULL if it cannot be read. The caller frees
 * them with kfree. The path counts from the project's root, where the tests run. */
void *host_file(const char *path, size_t *len);

/* Makes the BTF of this build's kernel known to vm/, and keeps it open. False if the kernel is not built. */
bool host_kernel_btf(void);

/* Marks a function as one that may fail. */
void host_mark(const char *func);

/* The lines that trace_write got since the last host_trace_clear, each as "name: message\n". */
const char *host_trace(void);
void host_trace_clear(void);

/* Milliseconds that msleep was asked for; it does not wait. */
u32 host_slept(void);

/* Which CPU the running thread is, for per-CPU maps. */
void host_set_cpu(u32 cpu);
