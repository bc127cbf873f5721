// SPDX-License-Identifier: MIT
// Buddies: one list of free blocks per order, threaded through the blocks themselves, and one byte a
// page that says what begins there. Splitting and merging take at most PAGE_ORDERS steps.
#include "kernel/mem/page.h"
#include "kernel/io/boot_info.h"
#include "kernel/lib/list.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/poison.h"

enum { PAGES = DIRECT_SIZE / PAGE_SIZE };

/* state[page]: the order of the block that begins here, with FREE if it is not allocated; NOTHING inside a
 * block and where there is no RAM. */
enum { FREE = 0x80, NOTHING = 0xff };

static u8 state[PAGES];
static struct list_head free_blocks[PAGE_ORDERS];
static u32 free_pages, total_pages;
static spinlock_t lock;

static struct list_head *block_at(u32 page)
{
	return phys_to_virt((uptr)page * PAGE_SIZE);
}

static u32 page_of(const void *ptr)
{
	return (u32)(virt_to_phys(ptr) / PAGE_SIZE);
}

static void put_block(u32 page, u32 order)
{
	state[page] = (u8)(FREE | order);
	list_add(block_at(page), &free_blocks[order]);
}

static void take_block(u32 page)
{
	state[page] = NOTHING;
	list_del_init(block_at(page));
}

/* Frees a block: joins it with its buddy while the buddy is free and whole, then lists it. */
static void free_block(u32 page, u32 order)
{
	free_pages += 1u << order;
	for (; order < PAGE_ORDERS - 1; order++) {
		u32 buddy = page ^ 1u << order;
		if (state[buddy] != (FREE | order))
			break;
		take_block(buddy);
		state[page] = NOTHING;
		page = min(page, buddy);
	}
	put_block(page, order);
}

void *page_alloc(u32 order)
{
	struct list_head *block = NULL;
	uptr flags = spin_lock_irqsave(&lock);
	u32 from = order;
	while (from < PAGE_ORDERS && list_empty(&free_blocks[from]))
		from++;
	if (from < PAGE_ORDERS) {
		block = free_blocks[from].next;
		u32 page = page_of(block);
		take_block(page);
		while (from > order) {
			from--;
			put_block(page + (1u << from), from);
		}
		state[page] = (u8)order;
		free_pages -= 1u << order;
	}
	spin_unlock_irqrestore(&lock, flags);
	return block;
}

void page_free(void *block)
{
	int order = page_order(block);
	if (order < 0)
		panic("page: 0x%lx is freed, but no allocated block begins there", (uptr)block);
	poison(block, (size_t)PAGE_SIZE << order);
	uptr flags = spin_lock_irqsave(&lock);
	free_block(page_of(block), (u32)order);
	spin_unlock_irqrestore(&lock, flags);
}

int page_order(const void *ptr)
{
	uptr phys = virt_to_phys(ptr);
	if (phys >= DIRECT_SIZE || phys % PAGE_SIZE)
		return -1;
	u8 s = state[phys / PAGE_SIZE];
	return s < FREE ? s : -1;
}

void page_usage(u32 *free, u32 *total)
{
	*free = free_pages;
	*total = total_pages;
}

/* Adds pages start .. end to the lists, in the largest aligned blocks. */
static void add_pages(u32 start, u32 end)
{
	while (start < end) {
		u32 order = PAGE_ORDERS - 1;
		while (start & ((1u << order) - 1) || start + (1u << order) > end)
			order--;
		free_block(start, order);
		total_pages += 1u << order;
		start += 1u << order;
	}
}

/* Adds a range of bytes without the parts that boot_info.reserved[i] and those behind it reserve. */
static void add_range(uptr start, uptr end, u32 i)
{
	for (; i < boot_info.reserved_count; i++) {
		struct boot_range r = boot_info.reserved[i];
		if (r.end <= start || r.start >= end)
			continue;
		if (r.start > start)
			add_range(start, r.start, i + 1);
		start = r.end;
	}
	if (start < end)
		add_pages((u32)(align_up(start, (uptr)PAGE_SIZE) / PAGE_SIZE), (u32)(end / PAGE_SIZE));
}

void page_init(void)
{
	extern u8 image_end[];
	memset(state, NOTHING, sizeof(state));
	for (u32 i = 0; i < PAGE_ORDERS; i++)
		INIT_LIST_HEAD(&free_blocks[i]);
	for (u32 i = 0; i < boot_info.ram_count; i++) {
		/* Leaves out the first MiB, which the BIOS and the start of other CPUs use, and our image. */
		uptr start = max(boot_info.ram[i].start, virt_to_phys(image_end));
		if (start < boot_info.ram[i].end)
			add_range(start, boot_info.ram[i].end, 0);
	}
}
