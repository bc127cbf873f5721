// SPDX-License-Identifier: MIT
// The memory of images, and the scan of all stacks that finds out which images are still in use.
#include "tramp/image.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/task.h"
#include "kernel/sched/timer.h"
#include "kernel/sched/work.h"

/* Time between two scans while images are in use. */
#define RETRY_NS 20000000ull

static LIST_HEAD(retired);   /* in order of retirement */
static struct mutex reaping; /* over the list and the timer; one scan at a time */
static struct work retry_work;
static struct timer_list retry_timer;
static bool retry_pending;

struct image *image_reserve(const char *prefix, const char *name, u32 len, u32 steps)
{
	size_t size = strlen(prefix) + strlen(name) + 1;
	struct image *img = kzalloc(sizeof(*img) + steps * sizeof(*img->steps) + size);
	if (!img)
		return NULL;
	img->steps = (struct image_step *)(img + 1);
	img->step_room = steps;
	struct strbuf symbol = { .buf = (char *)(img->steps + steps), .cap = (u32)size };
	str_printf(&symbol, "%s%s", prefix, name);
	img->text.name = symbol.buf;
	if (text_alloc(&img->text, len)) {
		kfree(img);
		return NULL;
	}
	return img;
}

void image_hold(struct image *img, u32 *users)
{
	assert(img->held_count < IMAGE_HELD);
	img->held[img->held_count++] = users;
	__atomic_fetch_add(users, 1, __ATOMIC_RELAXED);
}

/* Stops holding all counters but the first `count`. */
static void let_go(struct image *img, u32 count)
{
	while (img->held_count > count)
		__atomic_fetch_sub(img->held[--img->held_count], 1, __ATOMIC_RELEASE);
}

void image_discard(struct image *img)
{
	let_go(img, 0);
	text_free(&img->text);
	kfree(img);
}

struct image *image_make(const char *prefix, const char *name, u32 max, text_writer *write, void *arg)
{
	struct image *img = image_reserve(prefix, name, max, 0);

	if (!img)
		return NULL;
	if (text_fill(&img->text, write, arg)) {
		image_discard(img);
		return NULL;
	}
	text_ready(&img->text);
	text_changed();
	return img;
}

/* ORDER GATE: gen_x86_64.c leaves a nop there. */
void image_gate(const struct image *img, struct poke *p)
{
	p->addr = img->text.base + img->gate;
	poke_make_nop(p->old);
	poke_make_jmp(p->new, p->addr, img->text.base + img->hooks_end);
}

/* Bounds around all retired images: for most addresses of the scan, two compares are enough. */
static uptr span_low, span_high;
static const struct text *shared_caller;
static bool caller_seen; /* a CPU or task is in ftrace's caller, and may hold an image's address */

void image_reached_through(const struct text *caller)
{
	shared_caller = caller;
}

static void prepare_scan(void)
{
	struct image *img;
	span_low = ~(uptr)0;
	span_high = 0;
	caller_seen = false;
	list_for_each_entry(img, &retired, list) {
		img->seen = img->body_seen = false;
		span_low = min(span_low, img->text.base);
		span_high = max(span_high, img->text.base + img->text.len);
	}
}

/* Notes which image addr leads into. All other CPUs are held. An image ends in ret or jmp, never in a call,
 * so no return address lies just behind it. */
static notrace void mark_seen(uptr addr, unused void *arg)
{
	struct image *img;
	if (shared_caller && addr - shared_caller->base < shared_caller->len)
		caller_seen = true;
	if (addr < span_low || addr >= span_high)
		return;
	list_for_each_entry(img, &retired, list) {
		if (addr - img->text.base >= img->text.len)
			continue;
		if (img->gate && addr == img->text.base + img->after_original)
			img->body_seen = true;
		else
			img->seen = true;
	}
}

static u32 reap_locked(void)
{
	struct image *img, *next;
	u32 waiting = 0;

	if (list_empty(&retired))
		return 0;
	prepare_scan();
	task_visit_returns(mark_seen, NULL);
	list_for_each_entry_safe(img, next, &retired, list) {
		img->seen |= img->via_ftrace && caller_seen;
		if (img->seen || img->body_seen) {
			if (!img->seen)
				let_go(img, img->body_held);
			waiting++;
			continue;
		}
		list_del_init(&img->list);
		image_discard(img);
	}
	return waiting;
}

/* Starts the timer for the next scan. */
static void retry_later(void)
{
	if (retry_pending)
		return;
	retry_pending = true;
	retry_timer.expires = ktime_get_ns() + RETRY_NS;
	add_timer(&retry_timer);
}

static void on_timer(unused struct timer_list *timer)
{
	schedule_work(&retry_work);
}

static void retry(unused struct work *work)
{
	retry_pending = false;
	image_reap();
}

u32 image_reap(void)
{
	u32 waiting;
	mutex_lock(&reaping);
	waiting = reap_locked();
	if (waiting)
		retry_later();
	mutex_unlock(&reaping);
	return waiting;
}

void image_retire(struct image *img)
{
	struct poke p;

	if (img->gate) { /* the poke has written them: this is for the auditor */
		image_gate(img, &p);
		text_write(p.addr, p.new, SITE_LEN);
	}
	mutex_lock(&reaping);
	list_add_tail(&img->list, &retired);
	mutex_unlock(&reaping);
}

void image_init(void)
{
	mutex_init(&reaping);
	init_work(&retry_work, retry);
	retry_timer.function = on_timer;
}
