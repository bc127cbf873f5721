// SPDX-License-Identifier: MIT
// kmalloc: objects of a few sizes are carved from slabs of 16 KiB, anything larger is a block of pages.
// A slab begins with its header, so no object begins on a slab's first byte. An address that does is a block.
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/alloc.h"
#include "kernel/lib/list.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/mem/page.h"
#include "kernel/cpu/panic.h"
#include "kernel/mem/poison.h"

enum {
	SLAB_ORDER = 2,
	SLAB_SIZE = PAGE_SIZE << SLAB_ORDER,
	SMALLEST = 16,
	LARGEST = 2048,
	CLASSES = 8, /* 16, 32, ... 2048 */
};
_Static_assert(SMALLEST << (CLASSES - 1) == LARGEST, "one class for each power of two");

/* A free object. A second kfree of it would find the mark. */
struct hole {
	struct hole *next;
	uptr mark;
};
#define HOLE_MARK 0x5ca1ab1e0ddba11eul

struct slab {
	struct list_head list; /* of its class, while it has holes */
	struct hole *holes;
	u32 class, used; /* objects handed out */
	uptr magic;
} __attribute__((aligned(64)));
#define SLAB_MAGIC 0x51ab51ab51ab51abul

static struct list_head with_holes[CLASSES] = {
	LIST_HEAD_INIT(with_holes[0]), LIST_HEAD_INIT(with_holes[1]), LIST_HEAD_INIT(with_holes[2]),
	LIST_HEAD_INIT(with_holes[3]), LIST_HEAD_INIT(with_holes[4]), LIST_HEAD_INIT(with_holes[5]),
	LIST_HEAD_INIT(with_holes[6]), LIST_HEAD_INIT(with_holes[7]),
};
static spinlock_t lock;
static u64 in_use, allocated;
static u32 fail_after;

static u32 class_size(u32 class)
{
	return (u32)SMALLEST << class;
}

static void add_hole(struct slab *s, void *object)
{
	struct hole *h = object;
	poison(h, class_size(s->class));
	h->next = s->holes;
	h->mark = (uptr)h ^ HOLE_MARK;
	s->holes = h;
}

static struct slab *new_slab(u32 class)
{
	struct slab *s = page_alloc(SLAB_ORDER);
	if (!s)
		return NULL;
	*s = (struct slab){ .class = class, .magic = SLAB_MAGIC };
	u32 size = class_size(class);
	u32 first = max(size, (u32)sizeof(*s));
	for (u32 at = SLAB_SIZE - size; at >= first; at -= size)
		add_hole(s, (u8 *)s + at);
	list_add(&s->list, &with_holes[class]);
	return s;
}

static void *alloc_small(u32 class)
{
	struct slab *s = list_empty(&with_holes[class])
			     ? new_slab(class)
			     : list_first_entry(&with_holes[class], struct slab, list);
	if (!s)
		return NULL;
	struct hole *h = s->holes;
	poison_check(h + 1, class_size(class) - sizeof(*h));
	s->holes = h->next;
	h->mark = 0;
	s->used++;
	if (!s->holes)
		list_del_init(&s->list);
	in_use += class_size(class);
	return h;
}

static void *alloc_large(size_t len)
{
	u32 order = 0;
	while (order < PAGE_ORDERS && (size_t)PAGE_SIZE << order < len)
		order++;
	void *block = order < PAGE_ORDERS ? page_alloc(order) : NULL;
	if (block)
		in_use += (u64)PAGE_SIZE << order;
	return block;
}

static void *alloc_locked(size_t len)
{
	if (fail_after && --fail_after == 0)
		return NULL;
	if (len > LARGEST)
		return alloc_large(len);
	u32 class = 0;
	while (class_size(class) < len)
		class ++;
	return alloc_small(class);
}

void *kmalloc(size_t len)
{
	uptr flags = spin_lock_irqsave(&lock);
	void *ptr = alloc_locked(len);
	allocated += ptr != NULL;
	spin_unlock_irqrestore(&lock, flags);
	return ptr;
}

void *kzalloc(size_t len)
{
	void *ptr = kmalloc(len);
	return ptr ? memset(ptr, 0, len) : NULL;
}

static void free_small(void *ptr)
{
	struct slab *s = (struct slab *)align_down((uptr)ptr, (uptr)SLAB_SIZE);
	const struct hole *h = ptr;
	if (s->magic != SLAB_MAGIC || (uptr)ptr % class_size(s->class))
		panic("heap: 0x%lx is freed, but was never handed out", (uptr)ptr);
	if (h->mark == ((uptr)h ^ HOLE_MARK))
		panic("heap: 0x%lx is freed twice", (uptr)ptr);
	in_use -= class_size(s->class);
	if (!s->holes)
		list_add(&s->list, &with_holes[s->class]);
	add_hole(s, ptr);
	/* An empty slab is freed, unless it is the only one with holes: the next kmalloc needs it. */
	if (--s->used == 0 && with_holes[s->class].next != with_holes[s->class].prev) {
		list_del_init(&s->list);
		s->magic = 0;
		page_free(s);
	}
}

void kfree(void *ptr)
{
	if (!ptr)
		return;
	uptr flags = spin_lock_irqsave(&lock);
	int order = page_order(ptr);
	if (order >= 0) {
		in_use -= (u64)PAGE_SIZE << order;
		page_free(ptr);
	} else {
		free_small(ptr);
	}
	spin_unlock_irqrestore(&lock, flags);
}

bool heap_grow(char **text, u32 len, u32 *cap, u32 more)
{
	u32 new_cap = max(2 * *cap, 4096u);
	if (len + more <= *cap)
		return true;
	while (len + more > new_cap)
		new_cap *= 2;
	char *bigger = kmalloc(new_cap);
	if (!bigger)
		return false;
	memcpy(bigger, *text, len);
	kfree(*text);
	*text = bigger;
	*cap = new_cap;
	return true;
}

void heap_usage(u64 *bytes_in_use, u64 *allocations)
{
	*bytes_in_use = in_use;
	*allocations = allocated;
}

void heap_fail_after(u32 nth)
{
	fail_after = nth;
}
