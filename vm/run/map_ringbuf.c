// SPDX-License-Identifier: MIT
// Ring buffers: records in the order in which they were reserved. Linux's layout (include/uapi/linux/bpf.h): 8 bytes of
// head, then the data, then up to 7 bytes, so that each record begins at a multiple of 8.
//
//      head.len     bytes of data; BUSY until the record is submitted or discarded, DISCARD if consumers skip it
//      head.page    the page of the ring in which the record begins
//
// A record lies in one piece: one that reaches the end of the ring goes on in a second ring behind it, which is as long.
// Only a record's begin is taken modulo the length, so no byte has two places.
//
// Nothing between lock and unlock has a site, and a record is reserved with interrupts off, so any context may do it.
#include "vm/run/ringbuf.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/lock.h"
#include "vm/prog.h"

enum { BUSY = 1u << 31, DISCARD = 1 << 30, PAGE = 4096 };

struct head {
	u32 len, page;
};

struct ring {
	spinlock_t lock;
	u64 consumed, produced;                /* bytes, ever */
	u32 size;                              /* a power of two */
	u8 data[] __attribute__((aligned(8))); /* twice that */
};

static notrace struct ring *ring_of(const struct map *m)
{
	return m->impl;
}

static notrace struct head *head_at(struct ring *r, u64 position)
{
	return (struct head *)&r->data[position & (r->size - 1)];
}

static notrace u64 room_for(u64 len)
{
	return align_up(sizeof(struct head) + len, (u64)8);
}

static enum err ringbuf_init(struct map *m, struct strbuf *log)
{
	u32 size = m->max_entries;
	if (size < PAGE || size & (size - 1))
		return str_refuse(log, EINVAL,
				  "map %s: max_entries of a ringbuf is its size in bytes, a power of two "
				  "from %u on, not %u",
				  m->name, PAGE, size);
	if (size > MAP_BYTES_MAX / 2)
		return str_refuse(log, E2BIG, "map %s: %u bytes are more than %u MiB", m->name, size,
				  MAP_BYTES_MAX >> 21);
	m->impl = kzalloc(sizeof(struct ring) + 2ull * size);
	if (!m->impl)
		return str_refuse(log, ENOMEM, "map %s: no memory for twice %u bytes", m->name, size);
	ring_of(m)->size = size;
	return OK;
}

static void ringbuf_destroy(struct map *m)
{
	kfree(m->impl);
}

notrace void *ringbuf_reserve(struct map *m, u64 len)
{
	struct ring *r = ring_of(m);
	void *data = NULL;
	if (len > r->size || room_for(len) > r->size)
		return NULL;
	uptr irq = spin_lock_irqsave(&r->lock);
	u64 at = r->produced;
	if (at + room_for(len) - __atomic_load_n(&r->consumed, __ATOMIC_ACQUIRE) <= r->size) {
		struct head *h = head_at(r, at);
		*h = (struct head){ (u32)len | BUSY, (u32)((at & (r->size - 1)) / PAGE) };
		__atomic_store_n(&r->produced, at + room_for(len), __ATOMIC_RELEASE);
		data = h + 1;
	}
	spin_unlock_irqrestore(&r->lock, irq);
	return data;
}

notrace void ringbuf_commit(void *data, bool discard)
{
	struct head *h = (struct head *)data - 1;
	__atomic_store_n(&h->len, (h->len & ~BUSY) | (discard ? DISCARD : 0), __ATOMIC_RELEASE);
}

notrace struct map *ringbuf_holding(const struct prog *p, uptr data)
{
	const struct object *o = p->object;
	for (u32 i = 0; o && i < o->map_count; i++) {
		struct map *m = o->maps[i];
		const struct ring *r = m->ops->type == BPF_MAP_TYPE_RINGBUF ? ring_of(m) : NULL;
		if (r && data - (uptr)r->data - sizeof(struct head) < r->size && data % 8 == 0 &&
		    ((const struct head *)data - 1)->len & BUSY)
			return m;
	}
	return NULL;
}

notrace u64 ringbuf_query(const struct map *m, u64 what)
{
	const struct ring *r = ring_of(m);
	switch (what) {
	case BPF_RB_AVAIL_DATA: {
		u64 consumed =
		    __atomic_load_n(&r->consumed, __ATOMIC_ACQUIRE); /* first: it never passes produced */
		return __atomic_load_n(&r->produced, __ATOMIC_ACQUIRE) - consumed;
	}
	case BPF_RB_RING_SIZE: return r->size;
	case BPF_RB_CONS_POS: return r->consumed;
	case BPF_RB_PROD_POS: return r->produced;
	default: return 0;
	}
}

u32 ringbuf_consume(struct map *m, ringbuf_visitor *visit, void *arg)
{
	struct ring *r = ring_of(m);
	u64 end = __atomic_load_n(&r->produced, __ATOMIC_ACQUIRE); /* visit may lead to more */
	u32 count = 0;
	while (r->consumed < end) {
		struct head *h = head_at(r, r->consumed);
		u32 len = __atomic_load_n(&h->len, __ATOMIC_ACQUIRE);
		if (len & BUSY)
			break;
		if (!(len & DISCARD)) {
			visit(h + 1, len, arg);
			count++;
		}
		__atomic_store_n(&r->consumed, r->consumed + room_for(len & ~DISCARD), __ATOMIC_RELEASE);
	}
	return count;
}

/* A ring has no keys. */
static notrace void *ringbuf_lookup(struct map *m unused, const void *key unused)
{
	return NULL;
}

static notrace enum err ringbuf_update(struct map *m unused, const void *key unused, const void *value unused,
				       u64 flags unused)
{
	return EINVAL;
}

static notrace enum err ringbuf_remove(struct map *m unused, const void *key unused)
{
	return EINVAL;
}

static enum err ringbuf_next_key(struct map *m unused, const void *key unused, void *next unused)
{
	return ENOENT;
}

static void *ringbuf_lookup_cpu(struct map *m unused, const void *key unused, u32 cpu unused)
{
	return NULL;
}

static u64 ringbuf_values_around(const struct map *m, uptr at, const void **base)
{
	const struct ring *r = ring_of(m);
	*base = r->data;
	return at - (uptr)r->data < 2ull * r->size ? 2ull * r->size : 0;
}

const struct map_ops map_ringbuf_ops = {
	.type = BPF_MAP_TYPE_RINGBUF,
	.name = "ringbuf",
	.init = ringbuf_init,
	.destroy = ringbuf_destroy,
	.lookup = ringbuf_lookup,
	.update = ringbuf_update,
	.remove = ringbuf_remove,
	.next_key = ringbuf_next_key,
	.values_around = ringbuf_values_around,
	.lookup_cpu = ringbuf_lookup_cpu,
};
