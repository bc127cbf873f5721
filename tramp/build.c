// SPDX-License-Identifier: MIT
// From hooks to an image: plan, generate, fill.
//
// A removal needs a new image for the hooks that stay, and must not fail for lack of memory. So each tramp
// has a spare image for each removal that would leave hooks behind. A spare is as large as the current image:
// fewer hooks never need a larger one.
#include "tramp/build.h"
#include "kernel/cpu/panic.h"
#include "kernel/lib/code.h"

_Static_assert(IMAGE_HELD == TRAMP_HOOKS + 1, "what an image calls: all hooks, and a program's body");

struct plan_options build_options = { .by_jmp = true };

enum { STEP_LEN = 2 }; /* bytes; an image never has more steps than len / STEP_LEN */

static struct explained last; /* the image that was generated last; its code is valid only after measuring */

/* Plans t's hooks and writes their image to c. The length does not depend on c->base. */
static void generate(struct code *c, const struct tramp *t, struct explained *x)
{
	struct plan_options wanted = build_options;
	enum err e;

	wanted.by_jmp &= !t->shared; /* ftrace's caller enters an image as if it called it */
	e = plan_make(&x->plan, &t->model, t->hooks, t->hook_count, &wanted, gen_frame_align);
	x->gen.plan = &x->plan;
	x->gen.model = &t->model;
	x->gen.hooks = t->hooks;
	x->gen.original = t->site->addr + SITE_LEN;
	if (!e)
		e = gen_image(c, &x->gen);
	if (e)
		panic("trampoline of %s: the image of %u hooks: %s", t->site->name, t->hook_count,
		      err_name(e));
}

static void generate_at(uptr base, const struct tramp *t, struct explained *x)
{
	struct code c = { .buf = x->code, .base = base, .cap = sizeof(x->code) };

	generate(&c, t, x);
	x->len = c.len;
}

void tramp_explain(const struct tramp *t, struct explained *x)
{
	generate_at(t->image->text.base, t, x);
}

static enum err write_image(struct code *c, void *t)
{
	generate(c, t, &last);
	return OK;
}

static struct image *reserve(const struct tramp *t, u32 len)
{
	return image_reserve("bpf_trampoline_", t->site->name, len, len / STEP_LEN + 1);
}

/* For GDB. An image that is long enough for the code has room for its steps. */
static void keep_steps(struct image *img, const struct plan *p, const u32 *starts)
{
	assert(p->count < img->step_room);
	img->step_count = p->count + 1;
	for (u32 i = 0; i < p->count; i++)
		img->steps[i] =
		    (struct image_step){ (u16)starts[i], (u8)p->steps[i].kind, (u8)p->steps[i].n };
	img->steps[p->count] = (struct image_step){ .start = (u16)starts[p->count] };
}

/* Writes t's image to img, which is large enough, and makes it t->next. img holds all that it can call. */
static void fill_image(struct image *img, struct tramp *t)
{
	text_fill(&img->text, write_image, t);
	img->by_jmp = last.plan.by_jmp;
	img->text.at_site = !img->by_jmp;
	img->via_ftrace = t->shared;
	img->after_original = last.gen.after_original;
	img->gate = last.gen.gate;
	img->hooks_end = last.gen.hooks_end;
	keep_steps(img, &last.plan, last.gen.starts);
	if (t->site->users)
		image_hold(img, t->site->users);
	img->body_held = img->held_count;
	for (u32 i = 0; i < t->hook_count; i++)
		image_hold(img, t->hooks[i].users);
	t->next = img;
	text_ready(&img->text);
}

/* How many removals need an image: each takes all hooks of one owner, and the last one needs none. */
static u32 removals_to_prepare(const struct tramp *t)
{
	u32 owners = 0;
	for (u32 i = 0; i < t->hook_count; i++)
		owners += !t->hooks[i].session || t->hooks[i].kind == HOOK_FENTRY;
	return owners ? owners - 1 : 0;
}

/* Takes the shortest spare. During a change some may be too short for t; after it all are long enough. */
static struct image *take_spare(struct tramp *t)
{
	struct image *shortest = NULL, *img;

	list_for_each_entry(img, &t->spares, list)
		if (!shortest || img->text.len < shortest->text.len)
			shortest = img;
	list_del_init(&shortest->list);
	t->spare_count--;
	return shortest;
}

void build_trim(struct tramp *t)
{
	while (t->spare_count > removals_to_prepare(t))
		image_discard(take_spare(t));
}

/* Adds spares of len bytes until there are enough of them. Shorter ones stay until build_trim, so that the
 * change can still be undone. */
static enum err add_spares(struct tramp *t, u32 len)
{
	u32 long_enough = 0;
	struct image *img;

	list_for_each_entry(img, &t->spares, list)
		long_enough += img->text.len >= len;
	for (; long_enough < removals_to_prepare(t); long_enough++) {
		img = reserve(t, len);
		if (!img)
			return ENOMEM;
		list_add_tail(&img->list, &t->spares);
		t->spare_count++;
	}
	return OK;
}

enum err build_next(struct tramp *t, struct strbuf *log)
{
	struct image *img;

	generate_at(t->site->addr, t, &last); /* to measure it */
	img = reserve(t, last.len);
	if (img && !add_spares(t, last.len)) {
		fill_image(img, t);
		return OK;
	}
	if (img)
		image_discard(img);
	build_trim(t);
	return str_refuse(log, ENOMEM, "no memory for an image of %s", t->site->title);
}

void build_from_spare(struct tramp *t)
{
	fill_image(take_spare(t), t);
}

void build_drop(struct tramp *t)
{
	image_discard(t->next);
	t->next = NULL;
	build_trim(t);
}
