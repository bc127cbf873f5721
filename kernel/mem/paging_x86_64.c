// SPDX-License-Identifier: MIT
// Four-level page tables (SDM vol. 3, 4.5). boot/start.asm makes the tree. Here rights change, and the one
// table of the fixmap; a page of 2 MiB is split when the rights of a part must differ.
#include "kernel/cpu/cpu.h"
#include "kernel/sched/lock.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"

typedef u64 pte;

#define P    ((pte)1 << 0)
#define RW   ((pte)1 << 1)
#define PWT  ((pte)1 << 3)
#define PCD  ((pte)1 << 4)
#define BIG  ((pte)1 << 7)
#define NX   ((pte)1 << 63)
#define ADDR ((pte)0x000ffffffffff000)

enum { ENTRIES = 512, BIG_SIZE = ENTRIES * PAGE_SIZE, WINDOW_PAGES = 2 };

/* From boot/start.asm. */
extern pte boot_pml4[ENTRIES], boot_pdpt_low[ENTRIES], boot_pt_low[ENTRIES];
extern pte boot_pd[ENTRIES];        /* the direct mapping, 2 MiB an entry */
extern pte boot_fixmap_pt[ENTRIES]; /* FIXMAP_BASE: the window, then devices */

static spinlock_t lock;
static u32 fixmap_used = WINDOW_PAGES;

static pte rights_bits(u32 rights)
{
	assert((rights & (PAGE_WRITE | PAGE_EXEC)) != (PAGE_WRITE | PAGE_EXEC));
	if (rights == PAGE_NONE)
		return 0;
	return P | (rights & PAGE_WRITE ? RW : 0) | (rights & PAGE_EXEC ? 0 : NX);
}

static void flush_all(void *arg unused)
{
	write_cr3(read_cr3());
}

static void flush_everywhere(void)
{
	flush_all(NULL);
	if (cpu_count() > 1)
		smp_call_others(flush_all, NULL);
}

/* Replaces an entry of boot_pd by 512 entries in `table`, with the same rights. */
static void split(pte *pde, pte *table)
{
	for (u32 i = 0; i < ENTRIES; i++)
		table[i] = *pde ? (*pde & ~BIG) + i * PAGE_SIZE : 0;
	*pde = virt_to_phys(table) | P | RW;
}

static bool is_split(pte pde)
{
	return (pde & P) && !(pde & BIG);
}

static void protect_in_table(pte *pde, uptr phys, u32 pages, pte bits)
{
	pte *table = phys_to_virt(*pde & ADDR);
	for (u32 i = 0; i < pages; i++, phys += PAGE_SIZE)
		table[phys / PAGE_SIZE % ENTRIES] = bits ? phys | bits : 0;
}

/* Calls step for the pages in each piece of 2 MiB, until one fails. */
static enum err for_each_piece(uptr phys, u32 pages, pte bits,
			       enum err (*step)(uptr phys, u32 pages, pte bits))
{
	enum err e = OK;
	for (u32 n; pages && !e; pages -= n, phys += (uptr)n * PAGE_SIZE) {
		n = min(pages, (u32)(ENTRIES - phys / PAGE_SIZE % ENTRIES));
		e = step(phys, n, bits);
	}
	return e;
}

static enum err split_if_partial(uptr phys, u32 pages, pte bits unused)
{
	pte *pde = &boot_pd[phys / BIG_SIZE];
	if (pages == ENTRIES || is_split(*pde))
		return OK;
	pte *table = page_alloc(0);
	if (!table)
		return ENOMEM;
	split(pde, table);
	return OK;
}

static enum err set_rights(uptr phys, u32 pages, pte bits)
{
	pte *pde = &boot_pd[phys / BIG_SIZE];
	if (is_split(*pde))
		protect_in_table(pde, phys, pages, bits);
	else
		*pde = bits ? phys | bits | BIG : 0;
	return OK;
}

enum err paging_protect(uptr addr, u32 pages, u32 rights)
{
	uptr phys = addr - KERNEL_BASE;
	assert(addr % PAGE_SIZE == 0 && addr >= KERNEL_BASE && phys + (uptr)pages * PAGE_SIZE <= DIRECT_SIZE);
	pte bits = rights_bits(rights);
	uptr flags = spin_lock_irqsave(&lock);
	enum err e = for_each_piece(phys, pages, bits, split_if_partial);
	if (!e)
		e = for_each_piece(phys, pages, bits, set_rights);
	spin_unlock_irqrestore(&lock, flags);
	flush_everywhere();
	return e;
}

/* Reserves pages of FIXMAP. Returns the number of the first, or 0 if too few are left. */
static u32 take_fixmap(uptr pages)
{
	uptr flags = spin_lock_irqsave(&lock);
	u32 first = pages <= ENTRIES - fixmap_used ? fixmap_used : 0;
	if (first)
		fixmap_used += (u32)pages;
	spin_unlock_irqrestore(&lock, flags);
	return first;
}

void *paging_map_io(uptr phys, size_t len)
{
	if (phys + len <= DIRECT_SIZE)
		return phys_to_virt(phys);
	uptr start = align_down(phys, (uptr)PAGE_SIZE);
	uptr pages = (align_up(phys + len, (uptr)PAGE_SIZE) - start) / PAGE_SIZE;
	u32 first = take_fixmap(pages);
	if (!first)
		return NULL;
	for (u32 i = 0; i < pages; i++)
		boot_fixmap_pt[first + i] = (start + i * PAGE_SIZE) | P | RW | NX | PCD | PWT;
	return (void *)(FIXMAP_BASE + first * PAGE_SIZE + (phys - start));
}

notrace u8 *paging_window_open(uptr phys, u32 pages)
{
	for (u32 i = 0; i < pages; i++) {
		boot_fixmap_pt[i] = (phys + i * PAGE_SIZE) | P | RW | NX;
		invlpg(FIXMAP_BASE + i * PAGE_SIZE); /* read ahead while another CPU had it open */
	}
	return (u8 *)FIXMAP_BASE;
}

notrace void paging_window_close(u32 pages)
{
	for (u32 i = 0; i < pages; i++) {
		boot_fixmap_pt[i] = 0;
		invlpg(FIXMAP_BASE + i * PAGE_SIZE);
	}
}

void paging_identity_map(uptr phys)
{
	enum err e = paging_protect((uptr)phys_to_virt(phys), 1, PAGE_READ);
	assert(!e);
	boot_pt_low[phys / PAGE_SIZE] = phys | P;
	boot_pml4[0] = virt_to_phys(boot_pdpt_low) | P | RW;
}

void paging_identity_unmap(uptr phys)
{
	boot_pml4[0] = 0;
	boot_pt_low[phys / PAGE_SIZE] = 0;
	enum err e = paging_protect((uptr)phys_to_virt(phys), 1, PAGE_READ | PAGE_WRITE);
	assert(!e);
}

uptr paging_root(void)
{
	return virt_to_phys(boot_pml4);
}

void paging_init(void)
{
	for (u32 i = 0; i < ENTRIES; i++)
		boot_pt_low[i] = 0;
	boot_pml4[0] = 0;
	flush_all(NULL);
}
