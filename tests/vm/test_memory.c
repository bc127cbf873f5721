// SPDX-License-Identifier: MIT
// vm/memory: which addresses a program may pass to a helper, and where memory ends in the machine.
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "tests/test.h"
#include "vm/run/memory.h"

TEST(memory_of_the_own_stack_ends_where_it_ends)
{
	u64 bottom = (uptr)current->stack, top = bottom + STACK_SIZE;
	check(memory_is_on_stack(bottom, 8) && memory_is_on_stack(top - 8, 8));
	check(memory_is_on_stack(bottom, STACK_SIZE) && !memory_is_on_stack(bottom, STACK_SIZE + 1));
	check(!memory_is_on_stack(bottom - 1, 8) && !memory_is_on_stack(top - 7, 8));
	check(!memory_is_on_stack(top, 0) && !memory_is_on_stack(bottom, ~0u));
	check(memory_can_read(bottom, 1) && memory_can_write(bottom, 1));
	/* a guard page lies below */
	check(!memory_can_read(bottom - 1, 1) && !memory_can_write(bottom - 1, 1));
	check(!memory_can_read(bottom - 8, 16) && !memory_can_write(bottom - 8, 16));
}

/* Three pages, of which the middle one allows less. */
static void check_middle(u32 middle, bool readable, bool writable)
{
	u8 *block = page_alloc(2);
	require(block);
	u64 at = (uptr)block, end = at + 3 * PAGE_SIZE;
	require(check_eq(OK, paging_protect((uptr)block + PAGE_SIZE, 1, middle)));
	check(memory_can_read(at, PAGE_SIZE) && memory_can_write(at, PAGE_SIZE));
	check(memory_can_read(end - PAGE_SIZE, PAGE_SIZE) && memory_can_write(end - PAGE_SIZE, PAGE_SIZE));
	check_eq(readable, memory_can_read(at, PAGE_SIZE + 1));
	check_eq(writable, memory_can_write(at, PAGE_SIZE + 1));
	check_eq(readable, memory_can_read(end - PAGE_SIZE - 1, 2));
	check_eq(writable, memory_can_write(end - PAGE_SIZE - 1, 2));
	check_eq(readable, memory_can_read(at + PAGE_SIZE - 1, PAGE_SIZE + 2));
	check_eq(writable, memory_can_write(at + PAGE_SIZE - 1, PAGE_SIZE + 2));
	check_eq(OK, paging_protect((uptr)block + PAGE_SIZE, 1, PAGE_READ | PAGE_WRITE));
	page_free(block);
}

TEST(memory_must_be_there_page_by_page)
{
	check_middle(PAGE_READ | PAGE_WRITE, true, true);
	check_middle(PAGE_READ, true, false);
	check_middle(PAGE_NONE, false, false);
}

TEST(memory_cannot_wrap_around)
{
	check(!memory_can_read(~0ull, 2) && !memory_can_write(~0ull - 3, 8));
	check(memory_can_read(0, 0) && memory_can_write(~0ull, 0));
}
