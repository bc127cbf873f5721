// SPDX-License-Identifier: MIT
// vm/run/map_hash.c while several CPUs change and read one map: a key that the map holds is always found, and
// always with a value that a CPU wrote for it.
#include "kernel/lib/fmt.h"
#include "kernel/sched/sched.h"
#include "kernel/cpu/smp.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "tests/test.h"
#include "vm/run/map.h"

enum { KEYS = 24, STAYING = 4, ROUNDS = 30000 };

static struct map *map;
static u32 running, missed, wrong;

static void put(u32 key, u32 round)
{
	u64 value = (u64)key << 32 | round;
	if (map->ops->update(map, &key, &value, BPF_ANY))
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

/* Replaces the keys that stay, adds and removes the others, which share their chains. */
static int change(void *arg)
{
	u32 random = 1 + (u32)(uptr)arg;
	for (u32 i = 0; i < ROUNDS; i++) {
		random = random * 1664525 + 1013904223;
		u32 key = random >> 16 & 31;
		if (key >= KEYS || random >> 28 == 0)
			put(random >> 20 & (STAYING - 1), i);
		else if (key < STAYING || random >> 31)
			put(key, i);
		else
			map->ops->remove(map, &key);
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
	return 0;
}

static int look(void *arg unused)
{
	for (u32 i = 0; i < 4 * ROUNDS; i++) {
		u32 key = i & (STAYING - 1);
		if (!map->ops->lookup(map, &key))
			__atomic_fetch_add(&missed, 1, __ATOMIC_RELAXED);
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
	return 0;
}

TEST(map_hash_finds_what_others_replace_meanwhile)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	require(check_eq(OK, map_create(&map, "m", BPF_MAP_TYPE_HASH, 4, 8, KEYS, 0, &log)));
	running = 4;
	missed = wrong = 0;
	for (u32 key = 0; key < STAYING; key++)
		put(key, 0);
	for (u32 i = 0; i < 4; i++)
		check(kthread_run(i & 1 ? look : change, (void *)(uptr)i, -1, "map/%u", i) != NULL);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		msleep(1);
	check_eq(0, missed);
	check_eq(0, wrong);
	for (u32 key = 0; key < KEYS; key++) {
		const u64 *value = map->ops->lookup(map, &key);
		check(value ? *value >> 32 == key : key >= STAYING);
	}
	map_free(map);
}
