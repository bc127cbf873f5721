// SPDX-License-Identifier: MIT
// kmalloc on the host: an arena below 2 GiB, as the kernel's lies in the top 2 GiB, so that generated
// code reaches it with 32-bit displacements. Free blocks lie on lists by power of two, first in first
// out; bytes outside what was handed out are poisoned for the address sanitizer.
#include <sys/mman.h>
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#define ARENA_BASE  0x20000000ul
#define ARENA_LEN   0x40000000ul
#define KMALLOC_MAX (32u << 20)
#define MAGIC       0xfb0fb0fbu

struct block {
	size_t len; /* asked for; the block's size is the next power of two of len + head + a red zone */
	struct block *next;
	u32 magic, order;
	u64 red[5];
};
_Static_assert(sizeof(struct block) == 64, "keeps kmalloc's alignment");

static struct free_list {
	struct block *first, *last;
} free_lists[32];

static uptr arena_next;
static u64 bytes_in_use, allocations;
static u32 fail_after;

static struct block *take_free(u32 order)
{
	struct free_list *l = &free_lists[order];
	struct block *b = l->first;
	if (!b)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(b, sizeof(*b));
	l->first = b->next;
	if (!l->first)
		l->last = NULL;
	return b;
}

static struct block *take_new(u32 order)
{
	if (!arena_next) {
		void *at = mmap((void *)ARENA_BASE, ARENA_LEN, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
		assert(at == (void *)ARENA_BASE);
		ASAN_POISON_MEMORY_REGION(at, ARENA_LEN);
		arena_next = ARENA_BASE;
	}
	if ((1ul << order) > ARENA_BASE + ARENA_LEN - arena_next)
		return NULL;
	struct block *b = (struct block *)arena_next;
	arena_next += 1ul << order;
	return b;
}

void *kmalloc(size_t len)
{
	u32 order = 7;
	if (fail_after && --fail_after == 0)
		return NULL;
	if (!len || len > KMALLOC_MAX)
		return NULL;
	while ((1ul << order) < len + sizeof(struct block) + 16)
		order++;
	struct block *b = take_free(order);
	if (!b)
		b = take_new(order);
	if (!b)
		return NULL;
	ASAN_UNPOISON_MEMORY_REGION(b, sizeof(*b));
	*b = (struct block){ .len = len, .magic = MAGIC, .order = order };
	ASAN_POISON_MEMORY_REGION(b, sizeof(*b));
	ASAN_UNPOISON_MEMORY_REGION(b + 1, len);
	memset(b + 1, 0xa5, len); /* code that expects zeroes fails */
	bytes_in_use += len;
	allocations++;
	return b + 1;
}

void *kzalloc(size_t len)
{
	void *p = kmalloc(len);
	return p ? memset(p, 0, len) : NULL;
}

void kfree(void *ptr)
{
	if (!ptr)
		return;
	struct block *b = (struct block *)ptr - 1;
	ASAN_UNPOISON_MEMORY_REGION(b, sizeof(*b));
	assert(b->magic == MAGIC); /* else: freed twice, or never allocated */
	b->magic = 0;
	b->next = NULL;
	bytes_in_use -= b->len;
	memset(ptr, 0x5a, b->len);
	struct free_list *l = &free_lists[b->order];
	if (l->last) {
		ASAN_UNPOISON_MEMORY_REGION(l->last, sizeof(*b));
		l->last->next = b;
		ASAN_POISON_MEMORY_REGION(l->last, sizeof(*b));
	} else {
		l->first = b;
	}
	l->last = b;
	ASAN_POISON_MEMORY_REGION(b, sizeof(*b) + b->len);
}

void heap_usage(u64 *bytes, u64 *count)
{
	*bytes = bytes_in_use;
	*count = allocations;
}

void heap_fail_after(u32 nth)
{
	fail_after = nth;
}
