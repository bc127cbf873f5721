// SPDX-License-Identifier: MIT
// vm/map*: the semantics of Linux's map types, and that memory comes back. Runs on host and machine.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/smp.h"
#include "tests/in_use.h"
#include "tests/test.h"
#include "vm/run/map.h"

static struct map *make(enum bpf_map_type type, u32 key_size, u32 value_size, u32 max_entries)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	struct map *m;
	check_eq(OK, map_create(&m, "test", type, key_size, value_size, max_entries, 0, &log));
	return m;
}

static enum err put(struct map *m, u32 key, u64 value, u64 flags)
{
	return m->ops->update(m, &key, &value, flags);
}

static u64 *get(struct map *m, u32 key)
{
	return m->ops->lookup(m, &key);
}

TEST(map_array_has_every_index_below_its_size)
{
	struct map *m = make(BPF_MAP_TYPE_ARRAY, 4, 8, 3);
	require(m);
	check_eq(OK, put(m, 2, 22, BPF_ANY));
	check_eq(OK, put(m, 2, 23, BPF_EXIST));
	check_eq(23, *get(m, 2));
	check_eq(0, *get(m, 0));
	check(!get(m, 3));
	check_eq(E2BIG, put(m, 3, 1, BPF_ANY));
	check_eq(EEXIST, put(m, 0, 1, BPF_NOEXIST));
	check_eq(EINVAL, put(m, 0, 1, 3));
	u32 key = 0;
	check_eq(EINVAL, m->ops->remove(m, &key));
	check_eq((uptr)m->values + 2 * m->stride, (uptr)get(m, 2));
	map_free(m);
}

TEST(map_array_stride_is_a_multiple_of_8)
{
	struct map *m = make(BPF_MAP_TYPE_ARRAY, 4, 9, 2);
	require(m);
	check_eq(16, m->stride);
	check_eq(0, (uptr)m->values % 8);
	map_free(m);
}

TEST(map_array_keys_come_in_order)
{
	struct map *m = make(BPF_MAP_TYPE_ARRAY, 4, 8, 2);
	require(m);
	u32 key = 77, next;
	check_eq(OK, m->ops->next_key(m, NULL, &next));
	check_eq(0, next);
	check_eq(OK, m->ops->next_key(m, &next, &next));
	check_eq(1, next);
	check_eq(ENOENT, m->ops->next_key(m, &next, &next));
	check_eq(OK, m->ops->next_key(m, &key, &next));
	check_eq(0, next);
	map_free(m);
}

TEST(map_percpu_array_has_a_value_per_cpu)
{
	struct map *m = make(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 2);
	require(m);
	u32 key = 1;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++)
		*(u64 *)m->ops->lookup_cpu(m, &key, cpu) = 100 + cpu;
	u64 *mine = get(m, 1);
	check(*mine >= 100 && *mine < 100 + cpu_count());
	for (u32 cpu = 1; cpu < cpu_count(); cpu++)
		check_eq(100 + cpu, *(u64 *)(m->values + cpu * m->per_cpu_stride + m->stride));
	check(!get(m, 2));
	map_free(m);
}

TEST(map_hash_update_follows_its_flags)
{
	struct map *m = make(BPF_MAP_TYPE_HASH, 4, 8, 4);
	require(m);
	check(!get(m, 5));
	check_eq(ENOENT, put(m, 5, 1, BPF_EXIST));
	check_eq(OK, put(m, 5, 1, BPF_NOEXIST));
	check_eq(EEXIST, put(m, 5, 2, BPF_NOEXIST));
	check_eq(1, *get(m, 5));
	check_eq(OK, put(m, 5, 3, BPF_EXIST));
	check_eq(OK, put(m, 5, 4, BPF_ANY));
	check_eq(4, *get(m, 5));
	check_eq(EINVAL, put(m, 5, 4, 3));
	u32 key = 5;
	check_eq(OK, m->ops->remove(m, &key));
	check_eq(ENOENT, m->ops->remove(m, &key));
	check(!get(m, 5));
	map_free(m);
}

TEST(map_hash_holds_max_entries_and_no_more)
{
	struct map *m = make(BPF_MAP_TYPE_HASH, 4, 8, 100);
	require(m);
	for (u32 i = 0; i < 100; i++)
		check_eq(OK, put(m, i * 64, i, BPF_ANY));
	check_eq(E2BIG, put(m, 1, 1, BPF_ANY));
	check_eq(OK, put(m, 64, 7, BPF_ANY)); /* replacing works in a full map */
	check_eq(7, *get(m, 64));
	u32 key = 0;
	check_eq(OK, m->ops->remove(m, &key));
	check_eq(OK, put(m, 1, 1, BPF_ANY));
	for (u32 i = 2; i < 100; i++)
		check_eq(i, *get(m, i * 64));
	map_free(m);
}

/* Keys and values of each length, whole words or not, that differ in one byte. */
TEST(map_hash_compares_every_byte_of_a_key)
{
	u8 key[20] = { 0 }, value[20];
	for (u32 len = 1; len <= sizeof(key); len++) {
		struct map *m = make(BPF_MAP_TYPE_HASH, len, len, len + 1);
		require(m);
		for (u32 at = 0; at <= len; at++) {
			memset(value, (int)at + 1, sizeof(value));
			if (at < len)
				key[at] = 0x80;
			check_eq(OK, m->ops->update(m, key, value, BPF_NOEXIST));
			if (at < len)
				key[at] = 0;
		}
		for (u32 at = 0; at <= len; at++) {
			memset(value, (int)at + 1, sizeof(value));
			if (at < len)
				key[at] = 0x80;
			const u8 *found = m->ops->lookup(m, key);
			check(found && memcmp(found, value, len) == 0);
			if (at < len)
				key[at] = 0;
		}
		map_free(m);
	}
}

/* Keys that are multiples of a power of two are what addresses and counters look like. */
TEST(map_hash_spreads_keys_that_are_alike)
{
	enum { KEYS = 256 };
	for (u32 shift = 0; shift < 56; shift += 4) {
		struct map *m = make(BPF_MAP_TYPE_HASH, 8, 8, KEYS);
		struct map_iter it = { 0 };
		u32 buckets = 0, last = ~0u;
		require(m);
		for (u64 i = 0; i < KEYS; i++) {
			u64 key = i << shift;
			check_eq(OK, m->ops->update(m, &key, &key, BPF_ANY));
		}
		while (m->ops->iterate(m, &it)) {
			buckets += it.bucket != last;
			last = it.bucket;
		}
		check(buckets > KEYS / 4); /* by chance it were 162 of 256 */
		map_free(m);
	}
}

TEST(map_hash_iteration_meets_every_key_once)
{
	struct map *m = make(BPF_MAP_TYPE_HASH, 4, 8, 50);
	require(m);
	for (u32 i = 0; i < 50; i++)
		put(m, i, 0, BPF_ANY);
	u32 key, count = 0;
	for (enum err e = m->ops->next_key(m, NULL, &key); !e && count < 51; count++) {
		++*get(m, key);
		e = m->ops->next_key(m, &key, &key);
	}
	check_eq(50, count);
	for (u32 i = 0; i < 50; i++)
		check_eq(1, *get(m, i));
	map_free(m);
}

TEST(map_hash_agrees_with_a_plain_table)
{
	static u64 want[64];
	static bool there[64];
	struct map *m = make(BPF_MAP_TYPE_HASH, 4, 8, 40);
	require(m);
	u32 random = 1, held = 0;
	memset(there, 0, sizeof(there));
	for (u32 i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		u32 key = random >> 16 & 63;
		if (random >> 30 == 0) {
			check_eq(there[key] ? OK : ENOENT, m->ops->remove(m, &key));
			held -= there[key];
			there[key] = false;
			continue;
		}
		enum err e = there[key] || held < 40 ? OK : E2BIG;
		check_eq(e, put(m, key, i, BPF_ANY));
		held += !e && !there[key];
		there[key] |= !e;
		want[key] = e ? want[key] : i;
		check(there[key] ? *get(m, key) == want[key] : !get(m, key));
	}
	map_free(m);
}

struct refusal {
	u32 type, key_size, value_size, max_entries, flags;
	enum err err;
	const char *why;
};

static const struct refusal refusals[] = {
	{ 13, 4, 4, 1, 0, EOPNOTSUPP,
	  "map m: type hash_of_maps (13) is not supported; array, hash, percpu_array, prog_array and ringbuf "
	  "are" },
	{ BPF_MAP_TYPE_ARRAY, 8, 4, 1, 0, EINVAL, "map m: an array's key is 4 bytes, not 8" },
	{ BPF_MAP_TYPE_ARRAY, 4, 0, 1, 0, EINVAL, "map m:*above 0" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, 0, 0, EINVAL, "map m:*above 0" },
	{ BPF_MAP_TYPE_ARRAY, 4, 4, 1, 1, EINVAL, "map m: flags 0x1 are not supported for type array" },
	{ BPF_MAP_TYPE_ARRAY, 4, 8, 1 << 22, 0, E2BIG, "map m:*more than 32 MiB" },
	{ BPF_MAP_TYPE_ARRAY, 4, 0xffffffff, 1, 0, E2BIG, "map m:*more than 32 MiB" },
	{ BPF_MAP_TYPE_ARRAY, 4, 0xfffffff8, 0xffffffff, 0, E2BIG, "map m:*more than 32 MiB" },
	{ BPF_MAP_TYPE_PERCPU_ARRAY, 4, 0x80000000, 0x80000000, 0, E2BIG, "map m:*more than 32 MiB" },
	{ BPF_MAP_TYPE_HASH, 513, 4, 1, 0, E2BIG, "map m:*larger than a program's stack*" },
	{ BPF_MAP_TYPE_HASH, 4, 4, 0xffffffff, 0, E2BIG, "map m:*more than 32 MiB" },
	{ BPF_MAP_TYPE_HASH, 4, 0xffffffff, 1, 0, E2BIG, "map m:*more than 32 MiB" },
};

TEST(map_create_refuses_with_a_sentence)
{
	const struct in_use before = in_use();
	for (u32 i = 0; i < array_len(refusals); i++) {
		const struct refusal *r = &refusals[i];
		char why[160];
		struct strbuf log = STRBUF(why);
		struct map *m;
		check_eq(r->err, map_create(&m, "m", r->type, r->key_size, r->value_size, r->max_entries,
					    r->flags, &log));
		check(!m);
		if (!str_matches(why, r->why))
			check_str(r->why, why);
	}
	check_in_use(&before);
}

TEST(map_create_without_memory_leaves_nothing)
{
	static const u32 types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_HASH };
	const struct in_use before = in_use();
	for (u32 i = 0; i < array_len(types); i++) {
		enum err e = ENOMEM;
		for (u32 nth = 1; e; nth++) {
			char why[128];
			struct strbuf log = STRBUF(why);
			struct map *m;
			heap_fail_after(nth);
			e = map_create(&m, "m", types[i], 4, 8, 16, 0, &log);
			heap_fail_after(0);
			check(e ? e == ENOMEM && nth < 4 : nth > 2);
			map_free(m);
			if (nth > 4)
				break;
		}
	}
	check_in_use(&before);
}
