// SPDX-License-Identifier: MIT
// From int3 to a jump, and back.
//
//   1. The detour is built whole. It saves all registers, calls the handlers, runs copies of the displaced
//      instructions and jumps behind them.
//   2. Hits of the int3 run the copies too. From here on no CPU enters the displaced instructions behind the
//      first one: no jump of the function leads there, and the first one is the int3.
//   3. Wait until no CPU is there, and no task that was preempted there. (No task can sleep there, since none
//      of these instructions is a call.) All CPUs are held while the stacks are read. By then every hit from
//      before step 2 has ended: interrupts are off from the int3 to the end of its single step.
//   4. The five bytes become the jump, as those of a site do. The first of the old bytes is the int3, and no
//      CPU executes the others.
//
// Back: the jump becomes the int3 and the old bytes. From then on hits no longer use the detour. It is
// retired like any image, because a task may have been preempted in it, and a hit may be on its way to it
// (with interrupts off, as in step 3).
#include "kernel/cpu/panic.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "tramp/image.h"
#include "tramp/kprobe/parts.h"
#include "tramp/text/poke_arch.h"

enum { DETOUR_MAX = 256, WAITS = 100 };

struct range {
	uptr from, to;
	bool is_used;
};

static notrace void look_inside(uptr addr, void *arg)
{
	struct range *r = arg;
	if (addr >= r->from && addr < r->to)
		r->is_used = true;
}

/* Step 3. EBUSY if a task stays preempted there. */
static enum err wait_until_left(uptr from, uptr to, struct strbuf *log)
{
	for (u32 i = 0; i < WAITS; i++) {
		struct range r = { from, to, false };
		task_visit_returns(look_inside, &r);
		if (!r.is_used)
			return OK;
		msleep(1);
	}
	return str_refuse(log, EBUSY, "a task stays preempted among the instructions");
}

/* A detour that is being made. */
struct detour {
	struct kprobe_point *pt;
	u8 *code; /* the function's */
	struct image *img;
	u32 copies; /* the offset of the displaced instructions in img */
};

static enum err write_detour(struct code *c, void *arg)
{
	struct detour *d = arg;
	return detour_generate(c, d->pt, d->code, &d->copies);
}

/* Step 1. */
static enum err make_detour(struct detour *d, struct strbuf *log)
{
	struct kprobe_point *pt = d->pt;
	enum err e = detour_check(pt, d->code, log);

	if (e)
		return e;
	d->img = image_make("", pt->symbol, DETOUR_MAX, write_detour, d);
	if (!d->img)
		return str_refuse(log, ENOMEM, "no memory for a detour");
	image_hold(d->img, &pt->users);
	memcpy(pt->old, d->code + (pt->addr - pt->func.addr), SITE_LEN);
	return OK;
}

/* Pokes the int3, with the old bytes behind it, to the jump, or the jump back. */
static enum err poke_jump(const struct kprobe_point *pt, const struct image *detour, bool on,
			  struct strbuf *log)
{
	struct poke p = { .addr = pt->addr };
	u8 *step = on ? p.old : p.new;

	memcpy(step, pt->old, SITE_LEN);
	step[0] = poke_int3;
	poke_make_jmp(on ? p.new : p.old, p.addr, detour->text.base);
	return poke_batch(&p, 1, log);
}

static void step_in_place(struct kprobe_point *pt, struct image *detour)
{
	write_once(pt->copies, 0);
	pt->detour = NULL;
	image_retire(detour);
}

/* Steps 2 to 4. */
static enum err take_detour(const struct detour *d, struct strbuf *log)
{
	struct kprobe_point *pt = d->pt;
	enum err e;

	write_once(pt->copies, d->img->text.base + d->copies);
	e = wait_until_left(pt->addr + 1, pt->addr + pt->covered, log);
	if (!e)
		e = poke_jump(pt, d->img, true, log);
	if (e)
		step_in_place(pt, d->img);
	else
		pt->detour = d->img;
	return e;
}

enum err kprobe_optimise(struct kprobe_point *pt, struct strbuf *log)
{
	struct detour d = { .pt = pt };
	enum err e = kprobe_read(&pt->func, &d.code, log);

	if (!e)
		e = make_detour(&d, log);
	kfree(d.code);
	return e ? e : take_detour(&d, log);
}

void kprobe_unoptimise(struct kprobe_point *pt)
{
	char text[160];
	struct strbuf log = STRBUF(text);

	if (!pt->detour)
		return;
	if (poke_jump(pt, pt->detour, false, &log))
		panic("kprobe: %s", text);
	step_in_place(pt, pt->detour);
}

void kprobe_unoptimise_over(uptr addr)
{
	for (u32 back = 1; back < SITE_LEN + X86_MAX_LEN; back++) {
		struct kprobe_point *pt = point_find(addr - back);
		if (pt && pt->covered > back)
			kprobe_unoptimise(pt);
	}
}
