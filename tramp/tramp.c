// SPDX-License-Identifier: MIT
// One traced function: change its hooks, build the new image whole, poke the site, retire the old.
#include "tramp/tramp.h"
#include "kernel/heap.h"
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "kernel/panic.h"
#include "kernel/sched.h"
#include "tramp/poke.h"

/* 38 guarded hooks of each kind around 12 narrow arguments need less. */
enum { IMAGE_MAX = 8192 };

static struct mutex lock;

void tramp_init(void)
{
	mutex_init(&lock);
}

void tramp_lock(void)
{
	mutex_lock(&lock);
}

void tramp_unlock(void)
{
	mutex_unlock(&lock);
}

/* Under the lock: an image is generated here before it has a place. */
static u8 scratch[IMAGE_MAX];
static struct plan scratch_plan;
static struct gen scratch_gen;

/* Plans t's hooks and writes the image for `base` into scratch; gives its length, which does not
 * depend on base. */
static u32 generate(const struct tramp *t, uptr base)
{
	struct code c = { .buf = scratch, .base = base, .cap = sizeof(scratch) };
	enum err e = plan_make(&scratch_plan, &t->model, t->hooks, t->hook_count, gen_frame_align);

	scratch_gen.plan = &scratch_plan;
	scratch_gen.model = &t->model;
	scratch_gen.hooks = t->hooks;
	scratch_gen.original = t->site->addr + SITE_LEN;
	if (!e)
		e = gen_image(&c, &scratch_gen);
	if (e)
		panic("trampoline of %s: %u hooks gave %s", t->site->name, t->hook_count, err_name(e));
	return c.len;
}

/* An image for t's hooks as they are now, each of them held by it; NULL if there is no memory. */
static struct image *build_image(const struct tramp *t)
{
	char name[sizeof(t->image->text.name)];
	struct strbuf s = STRBUF(name);
	struct image *img;
	u32 len = generate(t, t->site->addr);

	str_printf(&s, "bpf_trampoline_%s", t->site->name);
	img = image_reserve(name, len);
	if (!img)
		return NULL;
	generate(t, img->text.base);
	image_fill(img, scratch, len);
	for (u32 i = 0; i < t->hook_count; i++)
		image_hold(img, t->hooks[i].users);
	return img;
}

/* What the site holds while img is current; NULL is the nop. */
static void site_bytes(u8 bytes[SITE_LEN], const struct site *site, const struct image *img)
{
	if (img)
		poke_make_call(bytes, site->addr, img->text.base);
	else
		poke_make_nop(bytes);
}

static enum err swap_site(const struct site *site, const struct image *from, const struct image *to,
			  struct strbuf *log)
{
	struct poke p = { .addr = site->addr };
	site_bytes(p.old, site, from);
	site_bytes(p.new, site, to);
	return poke_batch(&p, 1, log);
}

/* Makes t's hooks, changed by the caller, take effect: all or nothing. */
static enum err replace_image(struct tramp *t, struct strbuf *log)
{
	struct image *old = t->image, *new = NULL;
	enum err e;

	if (t->hook_count) {
		new = build_image(t);
		if (!new) {
			str_printf(log, "no memory for an image of %s", t->site->name);
			return ENOMEM;
		}
	}
	e = swap_site(t->site, old, new, log);
	if (e) {
		if (new)
			image_discard(new);
		return e;
	}
	t->image = new;
	if (old)
		image_retire(old);
	return OK;
}

static struct hook *find_hook(struct tramp *t, enum hook_kind kind, const void *owner)
{
	for (u32 i = 0; i < t->hook_count; i++)
		if (t->hooks[i].kind == kind && t->hooks[i].owner == owner)
			return &t->hooks[i];
	return NULL;
}

static enum err check_room(struct tramp *t, const struct hook *hook, struct strbuf *log)
{
	if (find_hook(t, hook->kind, hook->owner)) {
		str_printf(log, "%s is attached to %s already", hook->name, t->site->name);
		return EEXIST;
	}
	if (t->hook_count == TRAMP_HOOKS) {
		str_printf(log, "%s has %u programs already, the most that a function can have",
			   t->site->name, TRAMP_HOOKS);
		return E2BIG;
	}
	return OK;
}

/* A tramp without hooks for a function that has none yet. */
static enum err new_tramp(struct tramp **out, struct site *site, struct strbuf *log)
{
	struct tramp *t;
	enum err e;

	if (!site->btf_id) {
		str_printf(log, "%s has no type information (BTF), so its arguments are unknown", site->name);
		return EOPNOTSUPP;
	}
	t = kzalloc(sizeof(*t));
	if (!t) {
		str_printf(log, "no memory to trace %s", site->name);
		return ENOMEM;
	}
	t->site = site;
	e = model_from_btf(&t->model, site_btf(), site->btf_id, log);
	if (e) {
		kfree(t);
		return e;
	}
	*out = t;
	return OK;
}

enum err tramp_add(struct site *site, const struct hook *hook, struct strbuf *log)
{
	struct tramp *t = site->tramp;
	enum err e = t ? OK : new_tramp(&t, site, log);

	if (e)
		return e;
	e = check_room(t, hook, log);
	if (!e) {
		t->hooks[t->hook_count++] = *hook;
		e = replace_image(t, log);
		if (e)
			t->hook_count--;
	}
	if (!e)
		site->tramp = t;
	else if (!site->tramp)
		kfree(t);
	return e;
}

enum err tramp_remove(struct site *site, enum hook_kind kind, const void *owner, struct strbuf *log)
{
	struct tramp *t = site->tramp;
	struct hook *h = t ? find_hook(t, kind, owner) : NULL;
	struct hook removed;
	size_t behind;
	enum err e;

	if (!h) {
		str_printf(log, "not attached to %s", site->name);
		return ENOENT;
	}
	removed = *h;
	t->hook_count--;
	behind = (size_t)((u8 *)&t->hooks[t->hook_count] - (u8 *)h);
	memmove(h, h + 1, behind);
	e = replace_image(t, log);
	if (e) {
		memmove(h + 1, h, behind);
		*h = removed;
		t->hook_count++;
		return e;
	}
	if (t->hook_count == 0) {
		site->tramp = NULL;
		kfree(t);
	}
	return OK;
}

void tramp_explain(const struct tramp *t, struct plan *plan, u32 starts[PLAN_STEPS + 1])
{
	generate(t, t->image->text.base);
	*plan = scratch_plan;
	memcpy(starts, scratch_gen.starts, sizeof(scratch_gen.starts));
}
