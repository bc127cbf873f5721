// SPDX-License-Identifier: MIT
// No page is writable and executable at once: read from the page tables themselves.
#include "kernel/cpu/cpu.h"
#include "kernel/layout.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/probe.h"
#include "kernel/cpu/ipi.h"
#include "kernel/cpu/smp.h"
#include "kernel/mem/text.h"
#include "tests/test.h"

#define PRESENT (1ull << 0)
#define WRITE   (1ull << 1)
#define LARGE   (1ull << 7)
#define NX      (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

struct count {
	u32 pages, executable, both, low_half;
};

static void count_page(struct count *n, u64 entry, bool writable, bool executable)
{
	(void)entry;
	n->pages++;
	n->executable += executable;
	n->both += writable && executable;
}

/* Rights of a page are the conjunction of those of all levels (SDM vol. 3, 4.6). */
static void walk(struct count *n, uptr table, u32 level, bool writable, bool executable)
{
	const u64 *entries = phys_to_virt(table);
	for (u32 i = 0; i < 512; i++) {
		u64 e = entries[i];
		if (!(e & PRESENT))
			continue;
		bool w = writable && (e & WRITE), x = executable && !(e & NX);
		if (level == 4 && i < 256)
			n->low_half++;
		if (level == 1 || (e & LARGE))
			count_page(n, e, w, x);
		else
			walk(n, e & ADDRESS, level - 1, w, x);
	}
}

static struct count count_all(void)
{
	struct count n = { 0 };
	walk(&n, read_cr3() & ADDRESS, 4, true, true);
	return n;
}

TEST(paging_no_page_is_writable_and_executable)
{
	extern u8 text_start[], text_end[];
	struct text t = { .name = "test" };
	require(text_alloc(&t, 100) == OK);
	struct count n = count_all();
	check_eq(0, n.both);
	check_eq(0, n.low_half);
	check(n.executable > (u32)(text_end - text_start) / PAGE_SIZE); /* ours and the block's */
	check(n.pages > n.executable + 500);
	text_free(&t);
}

static void count_protected(void *count)
{
	if ((read_cr0() & CR0_WP) && (rdmsr(MSR_EFER) & EFER_NXE))
		__atomic_fetch_add((u32 *)count, 1, __ATOMIC_RELAXED);
}

TEST(paging_control_bits_are_set_on_every_cpu)
{
	u32 count = 0;
	count_protected(&count);
	smp_call_others(count_protected, &count);
	check_eq(cpu_count(), count);
}

TEST(paging_null_and_the_guard_of_the_boot_stack_are_not_mapped)
{
	extern u8 boot_stack_guard[];
	u8 byte;
	check_eq(EFAULT, probe_read(&byte, 0, 1));
	check_eq(EFAULT, probe_read(&byte, (uptr)boot_stack_guard, 1));
	check_eq(EFAULT, probe_read(&byte, (uptr)boot_stack_guard + PAGE_SIZE - 1, 1));
	check_eq(OK, probe_read(&byte, (uptr)boot_stack_guard + PAGE_SIZE, 1));
}
