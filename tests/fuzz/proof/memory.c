// SPDX-License-Identifier: MIT
// What the program owns: the stacks of its active functions, as far as they were written; the values of its maps; its
// context; the key that a callback got. Which bytes of it come from addresses.
#include "kernel/lib/mem.h"
#include "tests/fuzz/proof/proof.h"
#include "vm/run/ringbuf.h"

enum { TAINTED = 4096 };

static u8 stacks[PROG_FRAMES][PROG_STACK] __attribute__((aligned(64)));
static bool written[PROG_FRAMES][PROG_STACK];
static u64 tainted[TAINTED]; /* addresses of bytes */
static u32 tainted_count;
static u64 iters[PROG_FRAMES * 4]; /* where iterators are open */
static u32 iter_count;
static struct record {
	u64 at, size;
	u32 depth; /* of the function that has reserved it */
} records[16];     /* of rings, that are reserved */
static u32 record_count;
static u64 key_at;
static u32 key_len;

void memory_begin(struct shadow *s unused)
{
	tainted_count = 0;
	key_len = 0;
	iter_count = record_count = 0;
}

void memory_enter(struct shadow *s)
{
	u32 top = s->depth - 1;
	memset(stacks[top], 0x5a, PROG_STACK);
	memset(written[top], 0, PROG_STACK);
	s->ends[top] = (uptr)stacks[top] + PROG_STACK;
}

void memory_leave(struct shadow *s)
{
	for (u32 i = 0; i < iter_count; i++)
		if (iters[i] - (uptr)stacks[s->depth - 1] < PROG_STACK)
			shadow_found(s, "an iterator is still open");
	if (s->locked && s->depth == 1)
		shadow_found(s, "a lock is still held");
	if (s->depth == 1 && record_count)
		shadow_found(s, "a record of a ring was not given back");
}

void memory_open(struct shadow *s, u64 at, u64 size)
{
	if (record_count == array_len(records))
		s->gave_up = true;
	else
		records[record_count++] = (struct record){ at, size, s->depth };
}

bool memory_close(struct shadow *s, u64 at)
{
	for (u32 i = 0; i < record_count; i++)
		if (records[i].at == at) {
			figures.of_event[s->depth > records[i].depth ? E_give_for_caller : E_record]++;
			records[i] = records[--record_count];
			return true;
		}
	return false;
}

bool memory_is_iter(u64 at)
{
	for (u32 i = 0; i < iter_count; i++)
		if (iters[i] == at)
			return true;
	return false;
}

u32 memory_iters(void)
{
	return iter_count;
}

void memory_give_back(void)
{
	while (record_count)
		ringbuf_commit((void *)(uptr)records[--record_count].at, true);
}

u32 memory_records(void)
{
	return record_count;
}

bool memory_is_top(const struct shadow *s, u64 at)
{
	return at - (uptr)stacks[s->depth - 1] < PROG_STACK;
}

bool memory_iter(struct shadow *s, u64 at, bool opens)
{
	u64 off = at - (uptr)stacks;
	if (opens == memory_is_iter(at) || at % 8 || off >= s->depth * sizeof(stacks[0]))
		return false;
	if (opens)
		memset(&written[off / PROG_STACK][off % PROG_STACK], false, 8);
	if (opens) {
		if (iter_count == array_len(iters) || !memory_may(s, at, 8, true))
			return false;
		iters[iter_count++] = at;
		return true;
	}
	for (u32 i = 0; i < iter_count; i++)
		if (iters[i] == at)
			iters[i] = iters[--iter_count];
	return true;
}

/* The first four bytes of an iterator are its number, which can be read. */
static bool is_in_iter(u64 at, u64 size, bool *is_number)
{
	for (u32 i = 0; i < iter_count; i++)
		if (at < iters[i] + 8 && at + size > iters[i]) {
			*is_number = at >= iters[i] && at + size <= iters[i] + 4;
			return true;
		}
	return false;
}

void memory_key(const void *key, u32 len)
{
	key_at = (uptr)key;
	key_len = len;
}

static bool is_within(u64 at, u64 size, u64 start, u64 len)
{
	return at >= start && at - start <= len && size <= len - (at - start);
}

/* Within one value: values of an array lie in a row. */
static bool is_value(const struct map *m, u64 at, u64 size)
{
	const void *base;
	u64 len = m->ops->values_around ? m->ops->values_around(m, at, &base) : 0;
	if (!len)
		return false;
	u64 off = at - (uptr)base;
	return (m->values ? off % m->stride : off) + size <= m->value_size;
}

static bool is_in_lock(const struct map *m, u64 at, u64 size)
{
	u64 off = (at - (uptr)m->values) % m->stride;
	return is_value(m, at, size) && off < m->lock_at + m->lock_size && off + size > m->lock_at;
}

bool memory_is_stack(const struct shadow *s unused, u64 at)
{
	return at - (uptr)stacks < sizeof(stacks);
}

bool memory_may(struct shadow *s, u64 at, u64 size, bool writes)
{
	const struct object *o = s->p->object;
	bool is_number;
	if (!size)
		return true;
	if (is_in_iter(at, size, &is_number))
		return is_number && !writes;
	for (u32 f = 0; f < s->depth; f++) {
		u64 off = at - (uptr)stacks[f];
		if (!is_within(at, size, (uptr)stacks[f], PROG_STACK))
			continue;
		for (u64 i = 0; i < size && !writes; i++)
			if (!written[f][off + i])
				return false;
		return true;
	}
	for (u32 i = 0; i < o->map_count; i++)
		if (i == MAP_LOCKS && is_in_lock(o->maps[i], at, size))
			return false;
		else if (i != MAP_RING && is_value(o->maps[i], at, size))
			return !writes || !o->maps[i]->read_only;
	for (u32 i = 0; i < record_count; i++)
		if (is_within(at, size, records[i].at, records[i].size))
			return true;
	return !writes &&
	       (is_within(at, size, (uptr)s->ctx, 8 * s->context) || is_within(at, size, key_at, key_len));
}

static void set_tainted(u64 at, bool on)
{
	for (u32 i = 0; i < tainted_count; i++)
		if (tainted[i] == at) {
			if (!on)
				tainted[i] = tainted[--tainted_count];
			return;
		}
	if (on && tainted_count < TAINTED)
		tainted[tainted_count++] = at;
}

void memory_written(struct shadow *s, u64 at, u64 size, bool taint)
{
	for (u32 f = 0; f < s->depth; f++)
		if (is_within(at, size, (uptr)stacks[f], PROG_STACK))
			memset(&written[f][at - (uptr)stacks[f]], true, size);
	for (u64 i = 0; i < size && (taint || tainted_count); i++)
		set_tainted(at + i, taint);
}

bool memory_is_tainted(u64 at, u64 size)
{
	for (u32 i = 0; i < tainted_count; i++)
		if (tainted[i] - at < size)
			return true;
	return false;
}

bool memory_is_full(void)
{
	return tainted_count == TAINTED;
}
