// SPDX-License-Identifier: MIT
// The set behind a filter of ftrace.
#include "tramp/ftrace/hash.h"
#include "kernel/mem/heap.h"
#include "kernel/cpu/panic.h"

/* Functions begin at multiples of 16. The multiplication spreads the other bits over the upper half. */
static notrace u32 first_slot(const struct ftrace_hash *h, uptr ip)
{
	return (u32)((ip >> 4) * 0x9e3779b97f4a7c15ull >> 32) & h->mask;
}

notrace bool ftrace_hash_has(const struct ftrace_hash *h, uptr ip)
{
	if (!h)
		return false;
	for (u32 i = first_slot(h, ip); h->slots[i]; i = (i + 1) & h->mask)
		if (h->slots[i] == ip)
			return true;
	return false;
}

void ftrace_hash_add(struct ftrace_hash *h, uptr ip)
{
	u32 i = first_slot(h, ip);
	for (; h->slots[i]; i = (i + 1) & h->mask)
		if (h->slots[i] == ip)
			return;
	assert(h->count < h->room);
	h->slots[i] = ip;
	h->count++;
}

struct ftrace_hash *ftrace_hash_new(u32 room)
{
	struct ftrace_hash *h;
	u32 slots = 4;
	while (slots < room * 2)
		slots *= 2;
	h = kzalloc(sizeof(*h) + slots * sizeof(uptr) + room * sizeof(struct poke));
	if (!h)
		return NULL;
	h->room = room;
	h->mask = slots - 1;
	h->batch = (struct poke *)&h->slots[slots];
	return h;
}

bool ftrace_hash_next(const struct ftrace_hash *h, u32 *i, uptr *ip)
{
	for (; h && *i <= h->mask; (*i)++) {
		*ip = h->slots[*i];
		if (*ip) {
			(*i)++;
			return true;
		}
	}
	return false;
}

void ftrace_hash_free(struct ftrace_hash *h)
{
	kfree(h);
}

static void free_hash(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct ftrace_hash, rcu));
}

void ftrace_hash_free_later(struct ftrace_hash *h)
{
	if (h)
		call_rcu(&h->rcu, free_hash);
}
