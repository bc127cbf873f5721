// SPDX-License-Identifier: MIT
#include "kernel/sched/sched.h"
#include "kernel/cpu/cpu.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/fmt.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/page.h"
#include "kernel/sched/rcu.h"
#include "kernel/sched/softirq.h"
#include "kernel/mem/sym.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "kernel/net/traffic.h"
#include "kernel/sched/work.h"
#include "tests/test.h"

/* Waits until a number has a value, for 10 s at most. */
static bool reaches(const u32 *number, u32 value)
{
	u64 end = ktime_get_ns() + 10000000000ull;
	while (read_once(*number) != value && ktime_get_ns() < end)
		msleep(1);
	return read_once(*number) == value;
}

static u32 done;

static int add_to_done(void *arg)
{
	__atomic_fetch_add(&done, (u32)(uptr)arg, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(task_runs_and_ends)
{
	done = 0;
	for (u32 i = 0; i < 50; i++)
		check(kthread_run(add_to_done, (void *)1ul, -1, "one/%u", i) != NULL);
	check(reaches(&done, 50));
}

static u32 seen_cpu[MAX_CPUS];

static int note_cpu(void *arg)
{
	u32 want = (u32)(uptr)arg;
	for (u32 i = 0; i < 10; i++) {
		if (smp_processor_id() == want)
			seen_cpu[want]++;
		msleep(1);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(task_pinned_stays_on_its_cpu)
{
	done = 0;
	for (u32 i = 0; i < cpu_count(); i++) {
		seen_cpu[i] = 0;
		check(kthread_run(note_cpu, (void *)(uptr)i, i, "pin/%u", i) != NULL);
	}
	check(reaches(&done, cpu_count()));
	for (u32 i = 0; i < cpu_count(); i++)
		check_eq(10, seen_cpu[i]);
}

static u32 in_timer;

static void note_timer(struct timer_list *t unused)
{
	write_once(in_timer, preemptible() ? 1 : 2);
}

TEST(preemptible_is_false_where_no_task_may_sleep)
{
	struct timer_list timer = { .expires = ktime_get_ns(), .function = note_timer };
	spinlock_t lock = { 0 };
	check(preemptible());
	preempt_disable();
	check(!preemptible());
	preempt_enable();
	uptr flags = irq_save();
	check(!preemptible());
	irq_restore(flags);
	spin_lock(&lock);
	check(!preemptible());
	spin_unlock(&lock);
	local_bh_disable();
	check(!preemptible());
	local_bh_enable();
	in_timer = 0;
	add_timer(&timer);
	while (!read_once(in_timer))
		msleep(1);
	check_eq(2, in_timer);
	check(preemptible());
	might_sleep();
}

static struct {
	bool stop;
	u32 moved, rounds, ended;
} stays;

/* Sleeps, yields and is preempted; it may move only between two rounds. */
static int stay(void *arg unused)
{
	while (!read_once(stays.stop)) {
		migrate_disable();
		migrate_disable();
		u32 cpu = smp_processor_id();
		for (u32 i = 0; i < 9; i++) {
			if (i % 3 == 0)
				msleep(1);
			else if (i % 3 == 1)
				yield();
			else
				ndelay(100000);
			if (smp_processor_id() != cpu)
				__atomic_fetch_add(&stays.moved, 1, __ATOMIC_SEQ_CST);
			if (i == 5)
				migrate_enable(); /* they nest: it is still disabled */
		}
		migrate_enable();
		__atomic_fetch_add(&stays.rounds, 1, __ATOMIC_SEQ_CST);
		msleep(1);
	}
	__atomic_fetch_add(&stays.ended, 1, __ATOMIC_SEQ_CST);
	return 0;
}

/* Three tasks a CPU, so that idle CPUs pull and wake-ups find a better place all the time. */
TEST(migrate_disable_keeps_a_task_on_its_cpu)
{
	u32 count = 3 * cpu_count();
	u64 migrations = 0;
	memset(&stays, 0, sizeof(stays));
	for (u32 i = 0; i < cpu_count(); i++)
		migrations -= sched_stats(i).migrations;
	for (u32 i = 0; i < count; i++)
		require(kthread_run(stay, NULL, -1, "stay/%u", i));
	while (read_once(stays.rounds) < 20 * count)
		msleep(1);
	write_once(stays.stop, true);
	check(reaches(&stays.ended, count));
	for (u32 i = 0; i < cpu_count(); i++)
		migrations += sched_stats(i).migrations;
	check_eq(0, stays.moved);
	check(cpu_count() == 1 || migrations > 0); /* those that could have moved them were at work */
	check_eq(0, current->migration_disabled);
}

static void find_task(struct task_struct *t, void *arg)
{
	struct {
		const char *name;
		struct task_struct *found;
	} *wanted = arg;
	if (strcmp(t->comm, wanted->name) == 0)
		wanted->found = t;
}

static struct task_struct *task_named(const char *name)
{
	struct {
		const char *name;
		struct task_struct *found;
	} wanted = { .name = name };
	task_for_each(find_task, &wanted);
	return wanted.found;
}

TEST(task_names_and_parents_are_linux_ones)
{
	struct task_struct *kthreadd = task_named("kthreadd"), *rcu = task_named("rcu_preempt");
	require(kthreadd && rcu && task_named("init"));
	check_eq(1, task_named("init")->pid);
	check_eq(2, kthreadd->pid);
	check(rcu->real_parent == kthreadd && rcu->parent == kthreadd);
	check_eq(rcu->pid, rcu->tgid);
	check(rcu->flags & PF_KTHREAD);
	for (u32 i = 0; i < cpu_count(); i++) {
		char name[16];
		struct strbuf s = STRBUF(name);
		str_printf(&s, "swapper/%u", i);
		struct task_struct *idle = task_named(name);
		require(idle);
		check_eq(0, idle->pid);
		check(idle->flags & PF_IDLE);
		s = STRBUF(name);
		str_printf(&s, "kworker/%u:1", i);
		check(task_named(name) != NULL);
		s = STRBUF(name);
		str_printf(&s, "ksoftirqd/%u", i);
		check(task_named(name) != NULL);
	}
}

TEST(task_name_is_cut_to_15_characters)
{
	done = 0;
	check(kthread_run(note_cpu, (void *)0ul, 0, "a_name_that_is_much_too_long") != NULL);
	check(task_named("a_name_that_is_") != NULL);
	check(reaches(&done, 1));
}

static struct {
	bool stop;
	u64 rounds[3];
	u32 ended;
} spinners;

static int spin(void *arg)
{
	u64 *rounds = arg;
	while (!read_once(spinners.stop))
		write_once(*rounds, *rounds + 1);
	__atomic_fetch_add(&spinners.ended, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(sched_preempts_a_task_that_never_yields)
{
	u32 cpu = cpu_count() - 1; /* this test may even run there */
	memset(&spinners, 0, sizeof(spinners));
	for (u32 i = 0; i < 3; i++)
		check(kthread_run(spin, &spinners.rounds[i], cpu, "spin/%u", i) != NULL);
	/* Without preemption the first would spin for ever, and so would this. */
	for (u32 i = 0; i < 3; i++)
		while (!read_once(spinners.rounds[i]))
			msleep(1);
	write_once(spinners.stop, true);
	check(reaches(&spinners.ended, 3));
	check(sched_stats(cpu).preemptions > 0);
}

TEST(sched_lower_prio_number_runs_first)
{
	u32 cpu = cpu_count() - 1;
	memset(&spinners, 0, sizeof(spinners));
	for (u32 i = 0; i < 2; i++) {
		struct task_struct *p = kthread_run(spin, &spinners.rounds[i], cpu, "prio/%u", i);
		require(p);
		sched_set_prio(p, 130 + i);
	}
	msleep(100); /* both new numbers are in force */
	u64 first = read_once(spinners.rounds[0]), second = read_once(spinners.rounds[1]);
	while (read_once(spinners.rounds[0]) == first)
		msleep(1);
	msleep(100);
	check_eq(second, read_once(spinners.rounds[1]));
	write_once(spinners.stop, true);
	check(reaches(&spinners.ended, 2));
}

TEST(sched_spreads_work_over_idle_cpus)
{
	memset(&spinners, 0, sizeof(spinners));
	struct task_struct *p[3];
	for (u32 i = 0; i < 3; i++)
		require((p[i] = kthread_run(spin, &spinners.rounds[i], -1, "spread/%u", i)));
	msleep(100);
	if (cpu_count() >= 4)
		check(p[0]->cpu != p[1]->cpu && p[1]->cpu != p[2]->cpu && p[0]->cpu != p[2]->cpu);
	write_once(spinners.stop, true);
	check(reaches(&spinners.ended, 3));
}

static struct {
	u32 woken;
	int first, second;
	bool go;
} sleeper;

static int sleep_once(void *arg unused)
{
	write_once(current->__state, TASK_INTERRUPTIBLE);
	write_once(sleeper.go, true);
	schedule();
	__atomic_fetch_add(&sleeper.woken, 1, __ATOMIC_SEQ_CST);
	while (read_once(sleeper.go))
		msleep(1);
	__atomic_fetch_add(&sleeper.woken, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(wake_up_process_says_whether_it_slept)
{
	memset(&sleeper, 0, sizeof(sleeper));
	struct task_struct *p = kthread_run(sleep_once, NULL, -1, "sleeper");
	require(p);
	while (!read_once(sleeper.go) || read_once(p->on_cpu))
		msleep(1);
	check_eq(TASK_INTERRUPTIBLE, p->__state);
	check_eq(0, sleeper.woken);
	check_eq(1, wake_up_process(p));
	check(reaches(&sleeper.woken, 1));
	check_eq(0, wake_up_process(current));
	sleeper.go = false;
	check(reaches(&sleeper.woken, 2));
}

TEST(wait_event_does_not_repeat_an_attempt_that_succeeded)
{
	struct wait_queue_head wq = WAIT_QUEUE_INIT(wq);
	u32 tries = 0;
	wait_event(wq, ++tries == 2);
	check_eq(2, tries);
	check_eq(TASK_RUNNING, current->__state);
	check(list_empty(&current->wait_entry) && list_empty(&wq.head));
}

static struct mutex mutex = MUTEX_INIT(mutex);
static u64 guarded[2];

static int change_under_mutex(void *arg unused)
{
	for (u32 i = 0; i < 200; i++) {
		mutex_lock(&mutex);
		u64 v = guarded[0];
		if (i % 16 == 0)
			yield();
		write_once(guarded[0], v + 1);
		mutex_unlock(&mutex);
	}
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(mutex_excludes_all_others)
{
	done = 0;
	guarded[0] = 0;
	for (u32 i = 0; i < 6; i++)
		check(kthread_run(change_under_mutex, NULL, -1, "mutex/%u", i) != NULL);
	check(reaches(&done, 6));
	check_eq(1200, guarded[0]);
}

TEST(traffic_wake_makes_its_wake_ups)
{
	check_eq(OK, traffic_wake(1));
	check_eq(OK, traffic_wake(1000));
	check_eq(0, preempt_count());
}

TEST(task_memory_is_used_again)
{
	u32 before, after, total;
	u64 heap_before, heap_after, allocations;
	check_eq(OK, traffic_wake(10));
	page_usage(&before, &total);
	heap_usage(&heap_before, &allocations);
	for (u32 i = 0; i < 20; i++)
		check_eq(OK, traffic_wake(10));
	page_usage(&after, &total);
	heap_usage(&heap_after, &allocations);
	check(before - after <= 64); /* pages of one block of tasks; 40 tasks would take six */
	check_eq(heap_before, heap_after);
}

static struct {
	u32 words;
	bool found;
	uptr low, high;
} visited;

static void look_for(uptr addr, void *arg unused)
{
	visited.words++;
	visited.found |= addr >= visited.low && addr < visited.high;
}

/* Whether a task may go on in [low, high). */
static bool goes_on_in(uptr low, uptr high)
{
	visited.words = 0;
	visited.found = false;
	visited.low = low;
	visited.high = high;
	task_visit_returns(look_for, NULL);
	check(visited.words > 2 * cpu_count());
	return visited.found;
}

static bool goes_on_in_function(const char *name)
{
	struct sym sym;
	return check(sym_named(name, &sym)) && goes_on_in(sym.addr, sym.addr + sym.len);
}

/* Code without a frame of its own: a preempted one is known by the interrupted instruction alone, its
 * caller by a word somewhere below bp. */
static bool spin_stop;
void spin_without_frame(const bool *stop);
extern const u8 spin_begin[], spin_end[];
__asm__(".text\n"
	"spin_without_frame:\n"
	"push %rbx\npush %rbx\npush %rbx\n"
	"spin_begin:\n"
	"pause\ncmpb $0, (%rdi)\nje spin_begin\n"
	"spin_end:\n"
	"pop %rbx\npop %rbx\npop %rbx\nret\n");

static __attribute__((noipa)) int spin_caller(void *arg unused)
{
	spin_without_frame(&spin_stop);
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(task_visit_returns_finds_what_was_preempted_and_who_called_it)
{
	uptr low = (uptr)spin_begin, high = (uptr)spin_end;
	spin_stop = false;
	done = 0;
	check(!goes_on_in(low, high));
	check(!goes_on_in_function("spin_caller"));
	require(kthread_run(spin_caller, NULL, -1, "spin"));
	for (u32 i = 0; i < 5; i++) {
		msleep(10);
		check(goes_on_in(low, high));
		check(goes_on_in_function("spin_caller"));
	}
	write_once(spin_stop, true);
	check(reaches(&done, 1));
	msleep(1);
	check(!goes_on_in(low, high));
}

static traceable void sleep_inside(void)
{
	while (!read_once(spin_stop))
		msleep(1);
	compiler_barrier();
}

static int sleeps(void *arg unused)
{
	sleep_inside();
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
	return 0;
}

TEST(task_visit_returns_finds_where_a_task_sleeps)
{
	spin_stop = false;
	done = 0;
	check(!goes_on_in_function("sleep_inside"));
	require(kthread_run(sleeps, NULL, -1, "sleeps"));
	for (u32 i = 0; i < 5; i++) {
		msleep(5);
		check(goes_on_in_function("sleep_inside"));
	}
	write_once(spin_stop, true);
	check(reaches(&done, 1));
	check(!goes_on_in_function("sleep_inside"));
}

static u32 freed;

static void count_freed(struct rcu_head *head unused)
{
	__atomic_fetch_add(&freed, 1, __ATOMIC_SEQ_CST);
}

TEST(rcu_waits_for_cpus_with_preemption_off)
{
	static struct rcu_head head;
	freed = 0;
	preempt_disable();
	call_rcu(&head, count_freed);
	ndelay(100000000); /* rcu_preempt has had its chance on the other CPUs */
	check_eq(0, freed);
	preempt_enable();
	rcu_barrier();
	check_eq(1, freed);
}

static bool reads, has_read;

/* Preemption comes back only some time after the other task has begun to wait. */
static int reader(void *arg unused)
{
	preempt_disable();
	write_once(reads, true);
	ndelay(20000000);
	write_once(has_read, true);
	preempt_enable();
	return 0;
}

TEST(rcu_synchronize_waits_for_a_reader_on_another_cpu)
{
	if (cpu_count() < 2) {
		test_skip("needs two CPUs");
		return;
	}
	for (u32 i = 0; i < 10; i++) {
		reads = has_read = false;
		migrate_disable();
		require(kthread_run(reader, NULL, (int)((smp_processor_id() + 1) % cpu_count()), "reader"));
		migrate_enable();
		while (!read_once(reads))
			cpu_pause();
		synchronize_rcu();
		check(has_read);
	}
}

static void count_work(struct work *work unused)
{
	msleep(1);
	__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

TEST(work_runs_in_a_kworker_and_is_flushed)
{
	static struct work work;
	init_work(&work, count_work);
	done = 0;
	for (u32 i = 1; i <= 10; i++) {
		check(schedule_work(&work));
		flush_work(&work);
		check_eq(i, done);
	}
	check(!work.pending);
}
