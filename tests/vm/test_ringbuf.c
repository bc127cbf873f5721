// SPDX-License-Identifier: MIT
// vm/run/map_ringbuf.c: records come out in the order in which they were reserved. Runs on host and machine.
#include "kernel/lib/mem.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "vm/run/ringbuf.h"

static struct map *make_ring(u32 size, enum err want)
{
	char why[160];
	struct strbuf log = STRBUF(why);
	struct map *m;
	check_eq(want, map_create(&m, "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, size, 0, &log));
	return m;
}

struct came {
	u32 count, bytes;
	u64 last;
	struct map *ring;
};

static void note_record(const void *data, u32 len, void *arg)
{
	struct came *c = arg;
	c->count++;
	c->bytes += len;
	memcpy(&c->last, data, min(len, 8u));
}

static struct came consumed(struct map *m)
{
	struct came c = { 0 };
	u32 count = ringbuf_consume(m, note_record, &c);
	check_eq(count, c.count);
	return c;
}

static u64 *reserve_with(struct map *m, u64 value, u64 len)
{
	u64 *data = ringbuf_reserve(m, len);
	if (data)
		*data = value;
	return data;
}

TEST(ringbuf_size_is_a_power_of_two_from_a_page_on)
{
	check(!make_ring(0, EINVAL));
	check(!make_ring(2048, EINVAL));
	check(!make_ring(4097, EINVAL));
	check(!make_ring(3 * 4096, EINVAL));
	check(!make_ring(32u << 20, E2BIG));
	map_free(make_ring(4096, OK));
}

TEST(ringbuf_record_that_is_busy_holds_back_all_behind_it)
{
	struct map *m = make_ring(4096, OK);
	u64 *first = reserve_with(m, 1, 8), *second = reserve_with(m, 2, 20);
	require(first && second);
	check_eq(0, (uptr)second % 8);
	ringbuf_commit(second, false);
	check_eq(0, consumed(m).count);
	ringbuf_commit(first, false);
	struct came c = consumed(m);
	check_eq(2, c.count);
	check_eq(28, c.bytes);
	check_eq(2, c.last);
	check_eq(0, ringbuf_query(m, BPF_RB_AVAIL_DATA));
	check_eq(16 + 32, ringbuf_query(m, BPF_RB_CONS_POS));
	map_free(m);
}

TEST(ringbuf_record_that_is_discarded_is_skipped)
{
	struct map *m = make_ring(4096, OK);
	ringbuf_commit(reserve_with(m, 1, 8), true);
	ringbuf_commit(reserve_with(m, 2, 8), false);
	struct came c = consumed(m);
	check_eq(1, c.count);
	check_eq(2, c.last);
	map_free(m);
}

TEST(ringbuf_that_is_full_refuses_and_goes_on_later)
{
	struct map *m = make_ring(4096, OK);
	check(!ringbuf_reserve(m, 4096 - 7));
	u64 *all = ringbuf_reserve(m, 4096 - 8);
	require(all);
	check(!ringbuf_reserve(m, 0));
	ringbuf_commit(all, false);
	check(!ringbuf_reserve(m, 0));
	check_eq(4088, consumed(m).bytes);
	ringbuf_commit(reserve_with(m, 7, 8), false);
	check_eq(7, consumed(m).last);
	map_free(m);
}

/* Records of 1,000 bytes begin everywhere, and one in four reaches the end of the ring. */
TEST(ringbuf_record_lies_in_one_piece)
{
	struct map *m = make_ring(4096, OK);
	for (u64 i = 0; i < 100; i++) {
		u64 *data = reserve_with(m, i, 1000);
		require(data);
		memset(data + 1, (u8)i, 992);
		u64 *next = reserve_with(m, ~i, 24);
		require(next);
		for (u32 k = 8; k < 1000; k++)
			check(((u8 *)data)[k] == (u8)i);
		ringbuf_commit(data, false);
		ringbuf_commit(next, false);
		check_eq(~i, consumed(m).last);
	}
	map_free(m);
}

TEST(ringbuf_has_no_keys)
{
	struct map *m = make_ring(4096, OK);
	u64 key = 0, value = 1;
	check(!m->ops->lookup(m, &key));
	check_eq(EINVAL, m->ops->update(m, &key, &value, BPF_ANY));
	check_eq(EINVAL, m->ops->remove(m, &key));
	check_eq(ENOENT, m->ops->next_key(m, NULL, &key));
	map_free(m);
}

static void note_and_write(const void *data, u32 len, void *arg)
{
	struct came *c = arg;
	note_record(data, len, c);
	if (c->count < 100)
		ringbuf_commit(reserve_with(c->ring, 2, 8), false);
}

/* What is done with a record may write one: a program on a function that prints. */
TEST(ringbuf_reader_stops_before_what_it_writes_itself)
{
	struct map *m = make_ring(4096, OK);
	struct came c = { .ring = m };
	ringbuf_commit(reserve_with(m, 1, 8), false);
	u32 count = ringbuf_consume(m, note_and_write, &c);
	check_eq(1, count);
	check_eq(1, c.last);
	check_eq(1, consumed(m).count);
	map_free(m);
}
