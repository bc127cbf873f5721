// SPDX-License-Identifier: MIT
// Hash maps. All elements exist from the start, so an update needs no memory and works in interrupts.
// Readers take no lock, so the element at which a reader stands may be removed:
//
// - If it is linked into another chain, the reader comes to the end of that chain. A chain ends in END | its
//   bucket's number, so the reader sees that, and starts again.
// - If it is free and not used again yet, its `next` still leads back into its chain.
// - If a value is replaced, the new element may be linked behind the reader, and the old one removed before
//   the reader comes to it. So a reader that finds no element starts again if `replaced` has changed.
//
// An element to which a program points stays valid memory for the life of the map, but it may get another
// key; as on Linux.
//
// Writers take the map's one lock with interrupts off. Nothing between lock and unlock has a site: a program
// that is attached there would come back to this map and wait for itself.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "vm/run/map.h"

#define END         0x80000000u
#define ENTRIES_MAX (1u << 24)

struct element {
	u32 next; /* in its bucket's chain; stays when the element is removed */
	u32 next_free;
	u32 hash;
	u8 key[]; /* the value follows at value_at */
};

struct hash {
	spinlock_t lock;
	u32 bucket_mask, element_size, value_at;
	u32 free;     /* list of unused elements */
	u32 spare;    /* the element beyond max_entries, for the new value of a key */
	u32 replaced; /* how many values were replaced; see update_locked for when it changes */
	u8 *elements;
	u32 buckets[]; /* first element of each chain */
};

static notrace struct element *element_at(const struct hash *h, u32 index)
{
	return (struct element *)(h->elements + (u64)index * h->element_size);
}

/* Almost all keys have 4 or 8 bytes, and almost all values 8. For these lengths the compiler makes a
 * variant of the function with a constant length, and of all that it calls. */
#define for_length(len, function, ...)           \
	((len) == 8   ? function(__VA_ARGS__, 8) \
	 : (len) == 4 ? function(__VA_ARGS__, 4) \
		      : function(__VA_ARGS__, len))
#define any_length static inline __attribute__((always_inline)) notrace

/* In a product the upper bits depend on all bits below. The swap moves them to where the bucket is taken
 * from, and where the next word is mixed in. */
any_length u64 mix(u64 hash, u64 word)
{
	return __builtin_bswap64((hash ^ word) * 0x9e3779b97f4a7c15ull);
}

/* Mixes word after word. Any good mixing would do. */
any_length u32 hash_bytes(const u8 *key, u32 len)
{
	u64 hash = len, word;
	for (; len >= sizeof(word); key += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		hash = mix(hash, word);
	}
	if (len) {
		word = 0;
		memcpy(&word, key, len);
		hash = mix(hash, word);
	}
	return (u32)hash;
}

/* Returns the element with that key of len bytes, or the end of its chain. */
any_length u32 find(const struct map *m, const void *key, u32 hash, u32 len)
{
	const struct hash *h = m->impl;
	u32 bucket = hash & h->bucket_mask, i, replaced;
	do {
		replaced = __atomic_load_n(&h->replaced, __ATOMIC_ACQUIRE);
		i = __atomic_load_n(&h->buckets[bucket], __ATOMIC_ACQUIRE);
		while (!(i & END)) {
			const struct element *e = element_at(h, i);
			if (e->hash == hash && memcmp(e->key, key, len) == 0)
				return i;
			i = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
		}
	} while (i != (END | bucket) || replaced != __atomic_load_n(&h->replaced, __ATOMIC_RELAXED));
	return i;
}

static inline notrace u8 *value_of(const struct hash *h, u32 index)
{
	return (u8 *)element_at(h, index) + h->value_at;
}

static notrace void link_first(struct hash *h, u32 index)
{
	struct element *e = element_at(h, index);
	u32 *first = &h->buckets[e->hash & h->bucket_mask];
	e->next = *first;
	__atomic_store_n(first, index, __ATOMIC_RELEASE); /* readers see it whole */
}

/* Removes the element from its chain. Its own `next` stays, for readers that stand at it. */
static notrace void unlink(struct hash *h, u32 index)
{
	struct element *e = element_at(h, index);
	u32 *at = &h->buckets[e->hash & h->bucket_mask];
	while (*at != index)
		at = &element_at(h, *at)->next;
	__atomic_store_n(at, e->next, __ATOMIC_RELEASE);
}

any_length void fill_element(const struct map *m, u32 index, u32 hash, const void *key, const void *value,
			     u32 len)
{
	struct element *e = element_at(m->impl, index);
	e->hash = hash;
	memcpy(e->key, key, len);
	if (m->lock_size)
		map_copy_around_lock(m, value_of(m->impl, index), value);
	else
		for_length(m->value_size, memcpy, value_of(m->impl, index), value);
}

/* The caller holds the lock. A new value gets a new element, so that readers see the old or the new one.
 * `replaced` changes after the new element is linked and before the old one is removed. */
any_length enum err update_locked(struct map *m, const void *key, const void *value, u64 flags, u32 hash,
				  u32 len)
{
	struct hash *h = m->impl;
	u32 old = find(m, key, hash, len), new = h->spare;
	if (old & END) {
		if (flags == BPF_EXIST)
			return ENOENT;
		if (h->free == END)
			return E2BIG;
		new = h->free;
		h->free = element_at(h, new)->next_free;
		fill_element(m, new, hash, key, value, len);
		link_first(h, new);
		return OK;
	}
	if (flags == BPF_NOEXIST)
		return EEXIST;
	fill_element(m, new, hash, key, value, len);
	link_first(h, new);
	__atomic_fetch_add(&h->replaced, 1, __ATOMIC_RELEASE);
	unlink(h, old);
	h->spare = old;
	return OK;
}

any_length enum err remove_locked(struct map *m, const void *key, u32 hash, u32 len)
{
	struct hash *h = m->impl;
	u32 old = find(m, key, hash, len);
	if (old & END)
		return ENOENT;
	unlink(h, old);
	element_at(h, old)->next_free = h->free;
	h->free = old;
	return OK;
}

any_length void *lookup_key(const struct map *m, const void *key, u32 len)
{
	u32 i = find(m, key, hash_bytes(key, len), len);
	return i & END ? NULL : value_of(m->impl, i);
}

static notrace void *hash_lookup(struct map *m, const void *key)
{
	return for_length(m->key_size, lookup_key, m, key);
}

static void *hash_lookup_cpu(struct map *m, const void *key, u32 cpu unused)
{
	return hash_lookup(m, key);
}

any_length enum err update_key(struct map *m, const void *key, const void *value, u64 flags, u32 len)
{
	struct hash *h = m->impl;
	u32 hash = hash_bytes(key, len);
	uptr irq = spin_lock_irqsave(&h->lock);
	enum err e = update_locked(m, key, value, flags, hash, len);
	spin_unlock_irqrestore(&h->lock, irq);
	return e;
}

static notrace enum err hash_update(struct map *m, const void *key, const void *value, u64 flags)
{
	if (flags > BPF_EXIST)
		return EINVAL;
	return for_length(m->key_size, update_key, m, key, value, flags);
}

any_length enum err remove_key(struct map *m, const void *key, u32 len)
{
	struct hash *h = m->impl;
	u32 hash = hash_bytes(key, len);
	uptr irq = spin_lock_irqsave(&h->lock);
	enum err e = remove_locked(m, key, hash, len);
	spin_unlock_irqrestore(&h->lock, irq);
	return e;
}

static notrace enum err hash_remove(struct map *m, const void *key)
{
	return for_length(m->key_size, remove_key, m, key);
}

/* Goes from chain to chain. In the chain of key, it begins with the element behind key. */
static enum err hash_next_key(struct map *m, const void *key, void *next)
{
	const struct hash *h = m->impl;
	u32 len = m->key_size, i = key ? find(m, key, hash_bytes(key, len), len) : END;
	u32 bucket = 0;
	if (!(i & END)) {
		bucket = element_at(h, i)->hash & h->bucket_mask;
		i = __atomic_load_n(&element_at(h, i)->next, __ATOMIC_ACQUIRE);
		bucket++;
	}
	for (; (i & END) && bucket <= h->bucket_mask; bucket++)
		i = __atomic_load_n(&h->buckets[bucket], __ATOMIC_ACQUIRE);
	if (i & END)
		return ENOENT;
	memcpy(next, element_at(h, i)->key, m->key_size);
	return OK;
}

/* Goes from chain to chain. It reads `next` before it returns an element, so the caller may remove that
 * one. If another CPU moves the next element to another chain, the walk misses the rest of this chain. */
static notrace bool hash_iterate(struct map *m, struct map_iter *it)
{
	const struct hash *h = m->impl;
	u32 i = it->at; /* 0: the end of a chain; otherwise an element's index + 1 */
	while (!i && it->bucket <= h->bucket_mask) {
		u32 first = __atomic_load_n(&h->buckets[it->bucket++], __ATOMIC_ACQUIRE);
		i = first & END ? 0 : first + 1;
	}
	if (!i)
		return false;
	struct element *e = element_at(h, i - 1);
	u32 next = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	it->at = next & END ? 0 : next + 1;
	it->key = e->key;
	it->value = value_of(h, i - 1);
	return true;
}

static u64 hash_values_around(const struct map *m, uptr at, const void **base)
{
	const struct hash *h = m->impl;
	u64 offset = at - (uptr)h->elements, index = offset / h->element_size;
	if (index > m->max_entries || offset % h->element_size < h->value_at)
		return 0;
	*base = value_of(h, (u32)index);
	return m->value_size;
}

static void hash_destroy(struct map *m)
{
	struct hash *h = m->impl;
	kfree(h->elements);
	kfree(h);
}

static void empty(struct hash *h, u32 max_entries)
{
	for (u32 i = 0; i <= h->bucket_mask; i++)
		h->buckets[i] = END | i;
	for (u32 i = 0; i < max_entries; i++)
		element_at(h, i)->next_free = i + 1 < max_entries ? i + 1 : END;
	h->spare = max_entries;
}

static enum err hash_init(struct map *m, struct strbuf *log)
{
	u32 buckets = 1, value_at = align_up((u32)sizeof(struct element) + m->key_size, 8u);
	u64 element_size = (u64)value_at + align_up((u64)m->value_size, 8ull);
	if (m->max_entries > ENTRIES_MAX || element_size * (m->max_entries + 1) > MAP_BYTES_MAX)
		return str_refuse(log, E2BIG, "map %s: %u entries of %u + %u bytes need more than %u MiB",
				  m->name, m->max_entries, m->key_size, m->value_size, MAP_BYTES_MAX >> 20);
	while (buckets < m->max_entries)
		buckets *= 2;
	struct hash *h = kzalloc(sizeof(*h) + buckets * sizeof(u32));
	u8 *elements = kzalloc(element_size * (m->max_entries + 1));
	if (!h || !elements) {
		str_printf(log, "map %s: no memory for %u entries", m->name, m->max_entries);
		kfree(h);
		kfree(elements);
		return ENOMEM;
	}
	h->bucket_mask = buckets - 1;
	h->element_size = (u32)element_size;
	h->value_at = value_at;
	h->elements = elements;
	empty(h, m->max_entries);
	m->impl = h;
	return OK;
}

const struct map_ops map_hash_ops = {
	.type = BPF_MAP_TYPE_HASH,
	.name = "hash",
	.flags = BPF_F_NO_PREALLOC,
	.init = hash_init,
	.destroy = hash_destroy,
	.lookup = hash_lookup,
	.update = hash_update,
	.remove = hash_remove,
	.next_key = hash_next_key,
	.values_around = hash_values_around,
	.lookup_cpu = hash_lookup_cpu,
	.iterate = hash_iterate,
};
