// SPDX-License-Identifier: MIT
// Looks four times a second which programs the tick has interrupted. The same program twice is the same run
// if the CPU has passed no moment with preemption on between the looks. So each look asks for a reschedule,
// which makes the CPU pass one as soon as the run ends. A program that may be preempted, because it may
// sleep, counts as the same run if the same task runs it; other tasks may run between two looks.
#include "kernel/sched/long_run.h"
#include "kernel/cpu/blame.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timer.h"

enum { LOOK_TICKS = HZ / 4 };
#define LONG_NS 5000000000ull
#define LOST_NS 2000000000ull

struct programs {
	const void *inner, *outer;
	char inner_place[BLAME_PLACE_LEN], outer_place[BLAME_PLACE_LEN];
};

/* A run that may become a long one. */
static struct run {
	const void *inner; /* the innermost program; NULL: it has changed since */
	const void *outer; /* the outermost program; NULL: no run */
	const struct task_struct *task;
	u64 since, last, passed;
	bool said;
} runs[MAX_CPUS];
static u32 ticks[MAX_CPUS];

static notrace void note(const void *id, const char *place, void *arg)
{
	struct programs *p = arg;
	if (!p->outer) {
		p->inner = id;
		str_copy(p->inner_place, place, sizeof(p->inner_place));
	}
	p->outer = id;
	str_copy(p->outer_place, place, sizeof(p->outer_place));
}

/* Whether p is still the run r. */
static notrace bool goes_on(const struct run *r, const struct programs *p, u64 passed)
{
	bool preemptible = preempt_count() == HARDIRQ_OFFSET;
	return p->outer == r->outer && (preemptible || passed == r->passed);
}

static notrace void look(struct run *r, const struct programs *p, u64 now)
{
	u64 passed = sched_passed(smp_processor_id());
	if (!goes_on(r, p, passed))
		*r = (struct run){
			.inner = p->inner, .outer = p->outer, .task = current, .since = now, .passed = passed
		};
	r->last = now;
	if (p->inner != r->inner)
		r->inner = NULL;
	if (!r->outer)
		return;
	set_need_resched();
	if (r->said || now - r->since < LONG_NS)
		return;
	r->said = true;
	kprintf("CPU %u has been in %s for %llu s\n", smp_processor_id(),
		r->inner ? p->inner_place : p->outer_place, (now - r->since) / 1000000000);
}

notrace void long_run_tick(const struct pt_regs *regs)
{
	u32 cpu = smp_processor_id();
	struct run *r = &runs[cpu];
	struct programs p;
	u64 now;

	if (++ticks[cpu] % LOOK_TICKS)
		return;
	now = ktime_get_ns();
	if (r->outer && r->task != current && now - r->last < LOST_NS)
		return;
	p.inner = p.outer = NULL;
	blame_visit_running(this_cpu(), regs, note, &p);
	look(r, &p, now);
}
