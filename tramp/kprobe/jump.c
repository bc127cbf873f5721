// SPDX-License-Identifier: MIT
// From int3 to a jump, and back.
//
//   1. The detour is built whole. It saves all registers, calls the handlers, runs copies of the displaced
//      instructions and jumps behind them.
//   2. Hits of the int3 run the copies too. So nobody enters the displaced instructions behind the first one
//      any more: no jump of the function leads there, and the first one is the int3.
//   3. Wait until nobody is there: no CPU, and no task that was preempted there. (None can sleep there, since
//      none of these instructions is a call.) All CPUs are held for the look, which no hit of before step 2
//      outlasts: interrupts are off from the int3 to the end of its single step.
//   4. The five bytes become the jump, as any site does: old bytes there, whose first is the int3, and whose
//      others nobody will execute.
//
// Back: the jump becomes int3 and the old bytes; then hits step in place again; the detour is retired like any
// image: a task may have been preempted in it, and a hit may be on its way to it (interrupts off as in step 3).
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
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

/* Step 3: EBUSY if somebody stays preempted there all the time. */
static enum err wait_until_left(uptr from, uptr to)
{
	for (u32 i = 0; i < WAITS; i++) {
		struct range r = { from, to, false };
		task_visit_returns(look_inside, &r);
		if (!r.is_used)
			return OK;
		msleep(1);
	}
	return EBUSY;
}

/* What is written, and where in it the copies are. */
struct detour {
	struct kprobe_point *pt;
	const u8 *code;
	u32 covered, copies;
};

static enum err write_detour(struct code *c, void *arg)
{
	struct detour *d = arg;
	return detour_generate(c, d->pt, d->code, d->covered, &d->copies);
}

/* Step 1. NULL, and why. */
static struct image *make_detour(struct detour *d, struct strbuf *log)
{
	struct image *img = image_make("", d->pt->symbol, DETOUR_MAX, write_detour, d);

	if (img)
		image_hold(img, &d->pt->users);
	else
		str_puts(log, "no memory for a detour");
	return img;
}

static void jump_bytes(u8 bytes[SITE_LEN], const struct kprobe_point *pt)
{
	memcpy(bytes, pt->old, SITE_LEN);
	bytes[0] = poke_int3;
}

static enum err put_jump(struct kprobe_point *pt, uptr detour, struct strbuf *log)
{
	struct poke p = { .addr = pt->addr };
	jump_bytes(p.old, pt);
	poke_make_jmp(p.new, p.addr, detour);
	return poke_batch(&p, 1, log);
}

static void step_in_place(struct kprobe_point *pt, struct image *detour)
{
	write_once(pt->copies, 0);
	pt->covered = 0;
	pt->detour = NULL;
	image_retire(detour);
}

/* Steps 2 to 4. */
static enum err take_detour(struct kprobe_point *pt, struct image *detour, u32 copies, u32 covered,
			    struct strbuf *log)
{
	enum err e;

	write_once(pt->copies, detour->text.base + copies);
	e = wait_until_left(pt->addr + 1, pt->addr + covered);
	if (e)
		str_puts(log, "a task stays preempted among the instructions");
	else
		e = put_jump(pt, detour->text.base, log);
	if (e) {
		step_in_place(pt, detour);
		return e;
	}
	pt->covered = covered;
	pt->detour = detour;
	return OK;
}

enum err kprobe_optimise(struct kprobe_point *pt, struct strbuf *log)
{
	struct detour d = { .pt = pt };
	struct image *detour;
	u8 *code;
	enum err e = kprobe_read(&pt->func, &code, log);

	if (e)
		return e;
	d.code = code;
	d.covered = detour_check(pt, code, log);
	detour = d.covered ? make_detour(&d, log) : NULL;
	memcpy(pt->old, code + (pt->addr - pt->func.addr), d.covered ? SITE_LEN : 0);
	kfree(code);
	if (!detour)
		return d.covered ? ENOMEM : EOPNOTSUPP;
	return take_detour(pt, detour, d.copies, d.covered, log);
}

void kprobe_unoptimise(struct kprobe_point *pt)
{
	char text[160];
	struct strbuf log = STRBUF(text);
	struct poke p = { .addr = pt->addr };

	if (!pt->detour)
		return;
	poke_make_jmp(p.old, p.addr, pt->detour->text.base);
	jump_bytes(p.new, pt);
	if (poke_batch(&p, 1, &log))
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
