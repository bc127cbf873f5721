// SPDX-License-Identifier: MIT
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/poison.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/ipi.h"
#include "tests/test.h"

static u64 bytes_in_use(void)
{
	u64 bytes, count;
	heap_usage(&bytes, &count);
	return bytes;
}

/* The same once it is stable: packets and tasks of earlier tests are freed late. */
static u64 bytes_at_rest(void)
{
	u64 before, now = bytes_in_use();
	do {
		before = now;
		msleep(10);
		rcu_barrier();
		now = bytes_in_use();
	} while (now != before);
	return now;
}

TEST(heap_objects_of_all_sizes_are_aligned_and_their_own)
{
	static const u32 sizes[] = { 1,   15,  16,   17,   31,   33,   100,  128,
				     129, 500, 1024, 2047, 2048, 2049, 4096, 70000 };
	u8 *objects[array_len(sizes)][4];
	u64 before = bytes_at_rest();
	for (u32 i = 0; i < array_len(sizes); i++) {
		for (u32 k = 0; k < 4; k++) {
			objects[i][k] = kmalloc(sizes[i]);
			require(objects[i][k]);
			check_eq(0, (uptr)objects[i][k] % 16);
			memset(objects[i][k], (int)(i * 4 + k), sizes[i]);
		}
	}
	check(bytes_in_use() > before);
	for (u32 i = 0; i < array_len(sizes); i++) {
		for (u32 k = 0; k < 4; k++) {
			check_eq(i * 4 + k, objects[i][k][0]);
			check_eq(i * 4 + k, objects[i][k][sizes[i] - 1]);
			kfree(objects[i][k]);
		}
	}
	check_eq(before, bytes_in_use());
}

TEST(heap_keeps_what_many_objects_hold)
{
	enum { COUNT = 3000 };
	u64 before = bytes_at_rest();
	u32 **objects = kmalloc(COUNT * sizeof(*objects));
	require(objects);
	for (u32 i = 0; i < COUNT; i++) {
		objects[i] = kmalloc(16 + i % 40);
		require(objects[i]);
		*objects[i] = i;
	}
	u32 wrong = 0;
	for (u32 i = 0; i < COUNT; i++) {
		u32 k = i * 1009 % COUNT; /* another order than that of the allocation */
		wrong += *objects[k] != k;
		kfree(objects[k]);
	}
	check_eq(0, wrong);
	kfree(objects);
	check_eq(before, bytes_in_use());
}

TEST(heap_kzalloc_is_zero_where_something_was)
{
	u8 *p = kmalloc(200);
	require(p);
	memset(p, 0xff, 200);
	kfree(p);
	p = kzalloc(200);
	require(p);
	u32 set = 0;
	for (u32 i = 0; i < 200; i++)
		set += p[i] != 0;
	check_eq(0, set);
	kfree(p);
	kfree(NULL);
}

/* While the other CPUs are held, so that none of them takes what is freed. */
static u32 unlike; /* bytes of what was freed, behind the links of a free list, that are not the filling */

static void free_and_look(void *arg unused)
{
	static const u32 sizes[] = { 32, 200, 2048, 5000, 3 * 4096 };
	for (u32 i = 0; i < array_len(sizes); i++) {
		u8 *p = kmalloc(sizes[i]);
		require(p);
		memset(p, 0xff, sizes[i]);
		kfree(p);
		for (u32 at = 16; at < sizes[i]; at++)
			unlike += p[at] != POISON_FREE;
	}
}

TEST(heap_of_the_test_kernel_fills_what_is_freed)
{
	unlike = 0;
	smp_hold_others(free_and_look, NULL);
	check_eq(0, unlike);
}

/* Runs only by its whole name: it ends in a panic. */
TEST(panic_when_freed_memory_was_written_to)
{
	u8 *p = kmalloc(200), *other = kmalloc(200);
	require(p && other);
	kfree(p);
	p[100] = 1;
	kmalloc(200);
	kfree(other);
}

TEST(heap_refuses_more_than_its_largest_block)
{
	check(!kmalloc((32u << 20) + 1));
	check(!kmalloc(1ul << 40));
}
