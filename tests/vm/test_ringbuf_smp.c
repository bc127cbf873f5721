// SPDX-License-Identifier: MIT
// vm/run/map_ringbuf.c while tasks and timers of several CPUs write and one task reads: each record that was submitted comes
// out once, whole, and behind the earlier ones of its writer; one that was discarded never does.
#include "kernel/cpu/smp.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"
#include "tests/test.h"
#include "vm/run/ringbuf.h"

enum { TASKS = 4, WRITERS = 2 * TASKS, RECORDS = 3000, WORDS_MAX = 40, TICK_NS = 1000000 };

/* A record: its writer, its number, then the number again to the end. */
struct writer {
	struct timer_list timer; /* of the second half: it writes in an interrupt of the task's CPU */
	u32 number;
	u64 next, submitted; /* the writer's */
	u64 least, came;     /* the reader's: no number below least may come any more */
};

static struct map *ring;
static struct writer writers[WRITERS];
static u32 running, wrong;

/* Each third record is discarded. Returns false if the ring is full. */
static bool write_record(struct writer *w)
{
	u64 n = w->next, words = 2 + n % (WORDS_MAX - 2);
	u64 *data = ringbuf_reserve(ring, 8 * words);
	if (!data)
		return false;
	w->next++;
	data[0] = w->number;
	for (u64 i = 1; i < words; i++)
		data[i] = n;
	w->submitted += n % 3 != 0;
	ringbuf_commit(data, n % 3 == 0);
	return true;
}

static void write_in_timer(struct timer_list *t)
{
	struct writer *w = container_of(t, struct writer, timer);
	for (u32 i = 0; i < 8; i++)
		write_record(w);
	t->expires = ktime_get_ns() + TICK_NS;
	add_timer(t);
}

static int write_in_task(void *arg)
{
	struct writer *w = arg, *of_timer = w + TASKS;
	of_timer->timer = (struct timer_list){ .expires = ktime_get_ns(), .function = write_in_timer };
	add_timer(&of_timer->timer);
	for (u32 i = 0; i < RECORDS; i++)
		while (!write_record(w))
			yield();
	del_timer(&of_timer->timer);
	__atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
	return 0;
}

static void read_record(const void *data, u32 len, void *arg unused)
{
	const u64 *word = data;
	struct writer *w = &writers[word[0] % WRITERS];
	u64 n = word[1], words = len / 8;
	bool right = word[0] < WRITERS && n >= w->least && n % 3 != 0 && words == 2 + n % (WORDS_MAX - 2);
	for (u64 i = 1; i < words; i++)
		right &= word[i] == n;
	wrong += !right;
	w->least = n + 1;
	w->came++;
}

TEST(ringbuf_keeps_what_tasks_and_timers_of_several_cpus_write)
{
	char why[128];
	struct strbuf log = STRBUF(why);
	u64 of_timers = 0;
	require(check_eq(OK, map_create(&ring, "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0, &log)));
	wrong = 0;
	running = TASKS;
	for (u32 i = 0; i < WRITERS; i++)
		writers[i] = (struct writer){ .number = i };
	for (u32 i = 0; i < TASKS; i++)
		check(kthread_run(write_in_task, &writers[i], (int)(i % cpu_count()), "ring/%u", i) != NULL);
	while (__atomic_load_n(&running, __ATOMIC_ACQUIRE)) {
		ringbuf_consume(ring, read_record, NULL);
		yield();
	}
	ringbuf_consume(ring, read_record, NULL);
	check_eq(0, wrong);
	check_eq(0, ringbuf_query(ring, BPF_RB_AVAIL_DATA));
	for (u32 i = 0; i < WRITERS; i++) {
		check_eq(writers[i].submitted, writers[i].came);
		of_timers += i < TASKS ? 0 : writers[i].came;
	}
	check(of_timers > 0);
	map_free(ring);
}
