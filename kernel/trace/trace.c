// SPDX-License-Identifier: MIT
// The ring behind trace_printk. One lock, held with interrupts off, for a few hundred instructions. Only an
// NMI can find it held by its own CPU; so an NMI does not wait, but counts its line as lost. No function here
// has a site, because programs call them.
#include "kernel/trace/trace.h"
#include "kernel/cpu/cpu.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"

static struct trace_line ring[TRACE_LINES];
static u64 head, tail; /* lines written since boot; the number of the oldest that is kept */
static u64 lost;
static u32 lock;

static notrace bool try_lock(void)
{
	return !__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE);
}

static notrace void unlock(void)
{
	__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
}

static notrace void copy_message(struct trace_line *l, const char *message, u32 len)
{
	while (len && message[len - 1] == '\n')
		len--;
	len = min(len, (u32)sizeof(l->message) - 1);
	for (u32 i = 0; i < len; i++)
		l->message[i] = message[i] == '\n' ? ' ' : message[i];
	l->message[len] = 0;
}

static notrace void copy_who(char to[TRACE_WHO], const char *who)
{
	size_t len = strlen(who), half = TRACE_WHO / 2 - 1;
	if (len < TRACE_WHO) {
		memcpy(to, who, len + 1);
		return;
	}
	memcpy(to, who, half);
	to[half] = to[half + 1] = '.';
	str_copy(to + half + 2, who + len - (half - 1), half);
}

static notrace void fill(struct trace_line *l, const char *who, const char *message, u32 len)
{
	const struct task_struct *p = current;
	l->ns = ktime_get_ns();
	l->cpu = smp_processor_id();
	l->pid = p->pid;
	l->preempt_count = preempt_count();
	l->need_resched = need_resched();
	str_copy(l->comm, p->comm, sizeof(l->comm));
	copy_who(l->who, who);
	copy_message(l, message, len);
}

notrace void trace_write(const char *who, const char *message, u32 len)
{
	uptr flags = irq_save();
	while (!try_lock()) {
		if (in_nmi()) {
			__atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
			irq_restore(flags);
			return;
		}
		cpu_pause();
	}
	if (head - tail == TRACE_LINES) {
		__atomic_fetch_add(&lost, 1, __ATOMIC_RELAXED);
		tail++;
	}
	struct trace_line *l = &ring[head++ % TRACE_LINES];
	fill(l, who, message, len);
	l->irqs_off = !(flags & FLAGS_IF);
	unlock();
	irq_restore(flags);
}

static notrace uptr wait_for_lock(void)
{
	uptr flags = irq_save();
	while (!try_lock())
		cpu_pause();
	return flags;
}

bool trace_read(u64 *at, struct trace_line *line)
{
	uptr flags = wait_for_lock();
	u64 from = max(*at, tail);
	bool any = from < head;
	if (any) {
		*line = ring[from % TRACE_LINES];
		*at = from + 1;
	}
	unlock();
	irq_restore(flags);
	return any;
}

void trace_clear(void)
{
	uptr flags = wait_for_lock();
	tail = head;
	__atomic_store_n(&lost, 0, __ATOMIC_RELAXED);
	unlock();
	irq_restore(flags);
}

u64 trace_lost(void)
{
	return __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

u64 trace_end(void)
{
	return read_once(head);
}

u64 trace_begin(void)
{
	return read_once(tail);
}
