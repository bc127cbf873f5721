/* SPDX-License-Identifier: MIT */
/* The page tables: one address space, made in boot/start.asm and refined here. The first GiB of physical
 * memory is mapped once at KERNEL_BASE; RAM beyond it is not used. No page is ever writable and
 * executable at once. (`vm` is the eBPF machine; page-table code is `paging`.) */
#pragma once
#include "kernel/layout.h"
#include "kernel/lib/err.h"

enum { PAGE_NONE = 0, PAGE_READ = 1, PAGE_WRITE = 2, PAGE_EXEC = 4 };

/* From a physical address below DIRECT_SIZE to its place in the direct mapping, and back. */
static inline notrace void *phys_to_virt(uptr phys)
{
	return (void *)(phys + KERNEL_BASE);
}
static inline notrace uptr virt_to_phys(const void *virt)
{
	return (uptr)virt - KERNEL_BASE;
}

/* Removes the identity mapping, which only the boot code needs. */
void paging_init(void);

/* The physical address of the root table, for CR3 of another CPU. It is below 4 GiB. */
uptr paging_root(void);

/* While other CPUs start: maps the page at phys (below 1 MiB) at its own address, read+execute. Until
 * paging_identity_unmap its place in the direct mapping is read-only. */
void paging_identity_map(uptr phys);
void paging_identity_unmap(uptr phys);

/* Sets the rights of pages of the direct mapping: PAGE_NONE, PAGE_READ with PAGE_WRITE or with PAGE_EXEC.
 * ENOMEM if a page of 2 MiB must be split and there is no memory; nothing has changed then. On return all
 * CPUs see the change. So once several CPUs run, interrupts must be on and no lock held. */
enum err paging_protect(uptr addr, u32 pages, u32 rights);

/* Maps a device or table at any physical address, for ever. Beyond the direct mapping it is uncached and
 * no-execute. Returns its address; NULL if FIXMAP is full (2 MiB in all). */
void *paging_map_io(uptr phys, size_t len);

/* Opens a second, writable view of one or two pages, on this CPU only. Returns its address. For text.c, which
 * holds a lock and keeps interrupts off until it closes the view. */
u8 *paging_window_open(uptr phys, u32 pages);
void paging_window_close(u32 pages);
