/* SPDX-License-Identifier: MIT */
/* The page tables: one address space, made in boot/start.asm and refined here. The first GiB of physical
 * memory is mapped once at KERNEL_BASE; RAM beyond it is not used. No page is ever writable and
 * executable at once. (`vm` is the eBPF machine; page-table code is `paging`.) */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/err.h"

enum { PAGE_NONE = 0, PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXEC = 4 };

/* Between physical addresses below DIRECT_SIZE and their place in the direct mapping. */
static inline notrace void *phys_to_virt(uptr phys)
{
	return (void *)(phys + KERNEL_BASE);
}
static inline notrace uptr virt_to_phys(const void *virt)
{
	return (uptr)virt - KERNEL_BASE;
}

/* Takes the identity mapping away that the boot code needed. */
void paging_init(void);

/* For CR3 of another CPU: below 4 GiB. */
uptr paging_root(void);

/* While other CPUs start: the page at phys (below 1 MiB) appears at its own address, read+execute; its
 * place in the direct mapping is read-only for so long. */
void paging_identity_map(uptr phys);
void paging_identity_unmap(uptr phys);

/* Sets the rights of pages of the direct mapping: PAGE_NONE, PAGE_READ with PAGE_WRITE or with PAGE_EXEC.
 * ENOMEM if a 2 MiB page must be split and there is no memory; then nothing has changed. Seen by all
 * CPUs on return; so interrupts must be on and no lock held, once several CPUs run. */
enum err paging_protect(uptr addr, u32 pages, u32 rights);

/* A device or table at any physical address, uncached and no-execute where it lies beyond the direct
 * mapping. Stays for ever. NULL when FIXMAP is full (2 MiB in all). */
void *paging_map_io(uptr phys, size_t len);

/* A second, writable view of one or two pages, on this CPU only; for text.c, which holds a lock and has
 * interrupts off meanwhile. Returns the address of the first. */
u8 *paging_window_open(uptr phys, u32 pages);
void paging_window_close(u32 pages);
