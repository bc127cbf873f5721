// SPDX-License-Identifier: MIT
#include "kernel/layout.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "tests/test.h"

static u32 free_pages(void)
{
	u32 free, total;
	page_usage(&free, &total);
	return free;
}

TEST(page_block_of_each_order_is_aligned_to_its_size)
{
	u32 before = free_pages();
	for (u32 order = 0; order < PAGE_ORDERS; order++) {
		void *block = page_alloc(order);
		require(block);
		check_eq(0, virt_to_phys(block) % ((uptr)PAGE_SIZE << order));
		check_eq(order, page_order(block));
		check_eq(-1, page_order((u8 *)block + 1));
		page_free(block);
		check_eq(-1, page_order(block));
	}
	check_eq(before, free_pages());
}

TEST(page_blocks_do_not_overlap_and_merge_again)
{
	u8 *blocks[64];
	u32 before = free_pages();
	for (u32 i = 0; i < array_len(blocks); i++) {
		blocks[i] = page_alloc(i % 3);
		require(blocks[i]);
		memset(blocks[i], (int)i, (size_t)PAGE_SIZE << i % 3);
	}
	for (u32 i = 0; i < array_len(blocks); i++) {
		check_eq(i, blocks[i][0]);
		check_eq(i, blocks[i][((size_t)PAGE_SIZE << i % 3) - 1]);
	}
	for (u32 i = 0; i < array_len(blocks); i += 2)
		page_free(blocks[i]);
	for (u32 i = 1; i < array_len(blocks); i += 2)
		page_free(blocks[i]);
	check_eq(before, free_pages());
}

/* If all blocks were merged, blocks of the largest order can be allocated again. */
TEST(page_takes_all_memory_and_gives_it_back)
{
	void *chain = NULL;
	u32 before = free_pages(), taken = 0, large = 0;
	for (void **block; (block = page_alloc(PAGE_ORDERS - 1)); large++) {
		*block = chain;
		chain = block;
	}
	for (void **block; taken < 1000 && (block = page_alloc(0)); taken++) {
		*block = chain;
		chain = block;
	}
	while (chain) {
		void *next = *(void **)chain;
		page_free(chain);
		chain = next;
	}
	check_eq(before, free_pages());
	u32 again = 0;
	for (void **block; (block = page_alloc(PAGE_ORDERS - 1)); again++) {
		*block = chain;
		chain = block;
	}
	check_eq(large, again);
	while (chain) {
		void *next = *(void **)chain;
		page_free(chain);
		chain = next;
	}
}

TEST(page_never_hands_out_the_image)
{
	extern u8 image_end[];
	u8 *block = page_alloc(0);
	require(block);
	check(block >= image_end);
	page_free(block);
}
