// SPDX-License-Identifier: MIT
// vm/run/lock.c while several CPUs take one lock: only one has it, and interrupts and preemption are afterwards as before.
#include "kernel/cpu/cpu.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "tests/test.h"
#include "vm/run/lock.h"

enum { TASKS = 4, ROUNDS = 20000 };

static struct {
	u64 count;
	struct bpf_spin_lock lock;
	u64 same;
} value;
static u32 running, torn, changed;

static int take_and_release(void *arg unused)
{
	for (u32 i = 0; i < ROUNDS; i++) {
		uptr flags = irq_save();
		if (i & 1)
			irq_restore(flags);
		lock_take((uptr)&value.lock, 0, 0, 0, 0, NULL);
		u64 count = *(volatile u64 *)&value.count;
		torn += count != value.same;
		*(volatile u64 *)&value.count = count + 1;
		value.same++;
		lock_release((uptr)&value.lock, 0, 0, 0, 0, NULL);
		bool were_off = !(i & 1);
		if (irqs_are_off() != were_off || preempt_count())
			__atomic_fetch_add(&changed, 1, __ATOMIC_RELAXED);
		irq_restore(flags);
	}
	__atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
	return 0;
}

TEST(lock_lets_one_cpu_in_at_a_time)
{
	running = TASKS;
	torn = changed = 0;
	memset(&value, 0, sizeof(value));
	for (u32 i = 0; i < TASKS; i++)
		check(kthread_run(take_and_release, NULL, -1, "lock/%u", i) != NULL);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE))
		msleep(1);
	check_eq(TASKS * ROUNDS, value.count);
	check_eq(TASKS * ROUNDS, value.same);
	check_eq(0, torn);
	check_eq(0, changed);
	check_eq(0, value.lock.val);
}

static struct map *map_with_lock(enum bpf_map_type type)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	struct map *m = NULL;
	check_eq(OK, map_create(&m, "m", type, 4, 12, 2, 0, &log));
	if (m) {
		m->lock_at = 4;
		m->lock_size = 4;
	}
	return m;
}

TEST(lock_stays_as_it_is_when_its_value_changes)
{
	static const enum bpf_map_type types[] = { BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH };
	for (u32 i = 0; i < array_len(types); i++) {
		struct map *m = map_with_lock(types[i]);
		require(m);
		u32 key = 1, first[3] = { 1, 0xffffffff, 3 }, second[3] = { 4, 0xffffffff, 6 };
		check_eq(OK, m->ops->update(m, &key, first, BPF_ANY));
		for (u32 round = 0; round < 4; round++) {
			u32 *at = m->ops->lookup(m, &key);
			check(at && at[0] == (round ? 4 : 1) && at[1] == 0 && at[2] == (round ? 6 : 3));
			check_eq(OK, m->ops->update(m, &key, second, BPF_EXIST));
		}
		map_free(m);
	}
}
