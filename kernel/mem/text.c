// SPDX-License-Identifier: MIT
// Chunks of read+execute pages, handed out in granules, first fit. For each granule a chunk has a pointer to
// the struct text that owns it, or NULL. So the block of an address is found without a lock, in any context.
#include "kernel/mem/text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/layout.h"
#include "kernel/lib/code.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "kernel/mem/page.h"
#include "kernel/mem/paging.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"

enum { GRANULE = TEXT_ALIGN, CHUNK_ORDER = 9, MAX_CHUNKS = 64, MAX_LEN = 16 << 20, FREE_AT_ONCE = 256 };

struct chunk {
	uptr base;
	u32 granules;
	struct text **owner; /* one a granule */
};

extern u8 text_start[], text_end[];

static u8 *linked; /* kernel text as it was at boot */

static struct chunk chunks[MAX_CHUNKS];
static u32 chunk_count; /* only grows, after a chunk is complete */
static u32 bytes_used, blocks_used;
static u32 changes;            /* how often a block became ready or was freed; GDB reads it */
static spinlock_t lock;        /* over owners, counts, what blocks should hold */
static spinlock_t window_lock; /* over the one writable window */

static u32 granules_of(u32 len)
{
	return (len + GRANULE - 1) / GRANULE;
}

/* Fills ordinary memory with int3, then makes it executable. */
static enum err add_chunk(u32 min_len)
{
	u32 order = CHUNK_ORDER;
	while ((u32)PAGE_SIZE << order < min_len)
		order++;
	u32 len = (u32)PAGE_SIZE << order;
	struct chunk c = { .granules = len / GRANULE };
	void *block = page_alloc(order);
	c.base = (uptr)block;
	c.owner = kzalloc(c.granules * sizeof(*c.owner));
	if (!block || !c.owner || read_once(chunk_count) == MAX_CHUNKS)
		goto no_room;
	memset(block, TEXT_FILL, len);
	if (paging_protect(c.base, len / PAGE_SIZE, PAGE_READ | PAGE_EXEC) != OK)
		goto no_room;
	uptr flags = spin_lock_irqsave(&lock);
	assert(chunk_count < MAX_CHUNKS);
	chunks[chunk_count] = c;
	write_once(chunk_count, chunk_count + 1);
	spin_unlock_irqrestore(&lock, flags);
	return OK;
no_room:
	kfree(c.owner);
	if (block)
		page_free(block);
	return ENOMEM;
}

/* Finds the first run of n free granules. Returns false if there is none. Skips each block as a whole. */
static bool find_run(const struct chunk *c, u32 n, u32 *at)
{
	for (u32 g = 0, run = 0; g < c->granules;) {
		const struct text *t = c->owner[g];
		if (t) {
			g += granules_of(t->len);
			run = 0;
			continue;
		}
		g++;
		if (++run == n) {
			*at = g - n;
			return true;
		}
	}
	return false;
}

static bool place(struct text *t)
{
	u32 n = granules_of(t->len), at;
	for (u32 i = 0; i < chunk_count; i++) {
		struct chunk *c = &chunks[i];
		if (!find_run(c, n, &at))
			continue;
		t->base = c->base + (uptr)at * GRANULE;
		for (u32 g = at; g < at + n; g++)
			write_once(c->owner[g], t);
		bytes_used += n * GRANULE;
		blocks_used++;
		return true;
	}
	return false;
}

enum err text_alloc(struct text *t, u32 len)
{
	assert(len && len <= MAX_LEN);
	t->len = len;
	t->serial = 0;
	t->wanted = kmalloc(len);
	if (!t->wanted)
		return ENOMEM;
	memset(t->wanted, TEXT_FILL, len);
	for (;;) {
		uptr flags = spin_lock_irqsave(&lock);
		bool placed = place(t);
		spin_unlock_irqrestore(&lock, flags);
		if (placed)
			return OK;
		enum err e = add_chunk(len);
		if (e) {
			kfree(t->wanted);
			return e;
		}
	}
}

static notrace struct chunk *chunk_of(uptr addr)
{
	for (u32 i = 0; i < read_once(chunk_count); i++)
		if (addr - chunks[i].base < (uptr)chunks[i].granules * GRANULE)
			return &chunks[i];
	return NULL;
}

notrace struct text *text_find(uptr addr)
{
	struct chunk *c = chunk_of(addr);
	struct text *t = c ? read_once(c->owner[(addr - c->base) / GRANULE]) : NULL;
	return t && addr - t->base < t->len ? t : NULL;
}

/* Writes through the window, which shows two pages. */
static notrace void write_piece(uptr at, const u8 *bytes, u32 len)
{
	u32 offset = at % PAGE_SIZE;
	u32 pages = offset + len > PAGE_SIZE ? 2 : 1;
	uptr flags = spin_lock_irqsave(&window_lock);
	u8 *window = paging_window_open(virt_to_phys((void *)at) - offset, pages);
	memcpy(window + offset, bytes, len);
	paging_window_close(pages);
	spin_unlock_irqrestore(&window_lock, flags);
}

static notrace void write_text(uptr at, const u8 *bytes, u32 len)
{
	for (u32 n; len; at += n, bytes += n, len -= n) {
		n = min(len, (u32)PAGE_SIZE);
		write_piece(at, bytes, n);
	}
}

static notrace bool is_text(uptr at, u32 len)
{
	if (at >= (uptr)text_start && at + len <= (uptr)text_end)
		return true;
	const struct text *t = text_find(at);
	return t && at + len <= t->base + t->len;
}

notrace void text_patch(uptr at, const void *bytes, u32 len)
{
	if (!is_text(at, len))
		panic("text: 0x%lx, %u bytes, is no text to write to", at, len);
	write_text(at, bytes, len);
}

notrace void text_write(uptr at, const void *bytes, u32 len)
{
	uptr flags = spin_lock_irqsave(&lock); /* text_visit sees both writes or none */
	struct text *t = text_find(at);
	if (t && at + len <= t->base + t->len)
		memcpy(t->wanted + (at - t->base), bytes, len);
	text_patch(at, bytes, len);
	spin_unlock_irqrestore(&lock, flags);
}

static void fill_int3(const struct text *t)
{
	u8 fill[256];
	memset(fill, TEXT_FILL, sizeof(fill));
	for (u32 at = 0; at < t->len; at += sizeof(fill))
		write_text(t->base + at, fill, min(t->len - at, (u32)sizeof(fill)));
}

/* Frees the granules that lie wholly behind t's first len bytes. Under the lock. */
static void disown(const struct text *t, u32 len)
{
	struct chunk *c = chunk_of(t->base);
	u32 at = (u32)((t->base - c->base) / GRANULE);
	for (u32 g = granules_of(len); g < granules_of(t->len); g++)
		write_once(c->owner[at + g], NULL);
	bytes_used -= (granules_of(t->len) - granules_of(len)) * GRANULE;
}

/* Takes the buffer of t's bytes. Until it is set again, text_visit says that t holds int3, as it does. */
static u8 *take_wanted(struct text *t)
{
	uptr flags = spin_lock_irqsave(&lock);
	u8 *wanted = t->wanted;
	t->wanted = NULL;
	spin_unlock_irqrestore(&lock, flags);
	return wanted;
}

enum err text_fill(struct text *t, text_writer *write, void *arg)
{
	struct code c = { .buf = take_wanted(t), .base = t->base, .cap = t->len };
	enum err e = write(&c, arg);

	uptr flags = spin_lock_irqsave(&lock);
	t->wanted = c.buf;
	if (e) {
		memset(t->wanted, TEXT_FILL, t->len);
	} else {
		write_text(t->base, t->wanted, c.len);
		disown(t, c.len);
		t->len = c.len;
	}
	spin_unlock_irqrestore(&lock, flags);
	return e;
}

void text_ready(struct text *t)
{
	write_once(t->serial, __atomic_add_fetch(&changes, 1, __ATOMIC_RELAXED));
}

notrace void text_changed(void) {}

void text_free(struct text *t)
{
	if (text_find(t->base) != t)
		panic("text: %s at 0x%lx is freed, but is no block", t->name, t->base);
	uptr flags = spin_lock_irqsave(&lock);
	fill_int3(t);
	disown(t, 0);
	blocks_used--;
	__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&lock, flags);
	kfree(t->wanted);
	t->wanted = NULL;
}

enum err text_make(struct text *t, u32 max, text_writer *write, void *arg)
{
	enum err e = text_alloc(t, max);

	if (e)
		return e;
	e = text_fill(t, write, arg);
	if (e)
		text_free(t);
	return e;
}

/* The granule at which to go on: g, or the end of a block that begins before g. Such a block is new: its
 * first granules were visited as free memory just before. */
static u32 first_granule(const struct chunk *c, u32 g)
{
	const struct text *t = c->owner[g];
	return t && t->base < c->base + (uptr)g * GRANULE
		   ? (u32)((t->base - c->base) / GRANULE) + granules_of(t->len)
		   : g;
}

/* Visits the block that begins at granule g, or the free granules there (not too many at a time, since
 * interrupts are off). Returns the number of granules. */
static u32 visit_granules(const struct chunk *c, u32 g, text_visitor *visit, void *arg)
{
	const struct text *t = c->owner[g];
	u32 n = 1;
	if (t) {
		visit(t->base, t->len, t->wanted, arg);
		n = granules_of(t->len);
		visit(t->base + t->len, n * GRANULE - t->len, NULL, arg);
		return n;
	}
	while (n < FREE_AT_ONCE && g + n < c->granules && !c->owner[g + n])
		n++;
	visit(c->base + (uptr)g * GRANULE, n * GRANULE, NULL, arg);
	return n;
}

void text_visit(text_visitor *visit, void *arg)
{
	visit((uptr)text_start, (u32)(text_end - text_start), linked, arg);
	for (u32 i = 0; i < read_once(chunk_count); i++) {
		for (u32 g = 0; g < chunks[i].granules;) {
			uptr flags = spin_lock_irqsave(&lock);
			g = first_granule(&chunks[i], g);
			if (g < chunks[i].granules)
				g += visit_granules(&chunks[i], g, visit, arg);
			spin_unlock_irqrestore(&lock, flags);
		}
	}
}

void text_init(void)
{
	u32 len = (u32)(text_end - text_start);
	linked = kmalloc(len);
	if (!linked)
		panic("text: no memory for a copy of %u bytes", len);
	memcpy(linked, text_start, len);
}

void text_usage(u32 *bytes, u32 *blocks)
{
	*bytes = bytes_used;
	*blocks = blocks_used;
}
