// SPDX-License-Identifier: MIT
// One traced function: change its hooks, build the new image whole, poke the site, retire the old. Many
// functions go through the same steps together, each step for all of them before the next.
#include "tramp/tramp.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/panic.h"
#include "kernel/sched/sched.h"
#include "tramp/text/poke.h"

_Static_assert(IMAGE_HELD == TRAMP_HOOKS + 1, "what an image calls: all hooks, and a program's body");

static struct mutex lock;
static struct plan_options options = { .by_jmp = true };

static LIST_HEAD(tramps);
static const struct tramp_neighbour *neighbour;

void tramp_set_neighbour(const struct tramp_neighbour *n)
{
	neighbour = n;
}

/* Of a change of all functions: two pokes for each, its site and its old image's gate. */
static struct site **all_sites;
static struct poke *pokes;
static u32 poke_count;

void tramp_lock(void)
{
	mutex_lock(&lock);
}

void tramp_unlock(void)
{
	mutex_unlock(&lock);
}

/* --- An image for a set of hooks --------------------------------------------------------------- */

/* Under the lock: of the image written last. */
static struct plan plan;
static struct gen gen;

/* Plans t's hooks and writes the image; its length does not depend on c->base. */
static void generate(struct code *c, const struct tramp *t)
{
	struct plan_options wanted = options;
	enum err e;

	wanted.by_jmp &= !t->shared; /* a task that comes through ftrace's caller comes as if called */
	e = plan_make(&plan, &t->model, t->hooks, t->hook_count, &wanted, gen_frame_align);
	gen.plan = &plan;
	gen.model = &t->model;
	gen.hooks = t->hooks;
	gen.original = t->site->addr + SITE_LEN;
	if (!e)
		e = gen_image(c, &gen);
	if (e)
		panic("trampoline of %s: %u hooks gave %s", t->site->name, t->hook_count, err_name(e));
}

static enum err write_image(struct code *c, void *t)
{
	generate(c, t);
	return OK;
}

static u32 image_len(const struct tramp *t)
{
	static u8 scratch[TRAMP_IMAGE_MAX]; /* under the lock */
	struct code c = { .buf = scratch, .base = t->site->addr, .cap = sizeof(scratch) };

	generate(&c, t);
	return c.len;
}

static struct image *reserve(const struct tramp *t, u32 len)
{
	return image_reserve("bpf_trampoline_", t->site->name, len);
}

/* Makes img, which is long enough, the image of t's hooks; each of them is held by it. */
static void fill_image(struct image *img, struct tramp *t)
{
	text_fill(&img->text, write_image, t);
	img->by_jmp = plan.by_jmp;
	img->text.at_site = !img->by_jmp;
	img->via_ftrace = t->shared;
	img->after_original = gen.after_original;
	img->gate = gen.gate;
	img->hooks_end = gen.hooks_end;
	if (t->site->users)
		image_hold(img, t->site->users);
	img->body_held = img->held_count;
	for (u32 i = 0; i < t->hook_count; i++)
		image_hold(img, t->hooks[i].users);
}

/* --- Spare images ------------------------------------------------------------------------------ */

/* A removal takes all hooks of one owner; the last one needs no image. */
static u32 removals_to_prepare(const struct tramp *t)
{
	u32 owners = 0;
	for (u32 i = 0; i < t->hook_count; i++)
		owners += !t->hooks[i].session || t->hooks[i].kind == HOOK_FENTRY;
	return owners ? owners - 1 : 0;
}

/* The shortest: in a change some may be too short by now, later all are long enough. */
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

/* Gives back those that are more than needed. */
static void trim_spares(struct tramp *t)
{
	while (t->spare_count > removals_to_prepare(t))
		image_discard(take_spare(t));
}

/* Enough of them, each with room for t's hooks as they are: fewer hooks never need more. Those that are
 * too short for that stay until trim_spares, so that a change can still be undone. */
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

/* --- Which functions take which hooks ---------------------------------------------------------- */

static enum err check_hook(const struct site *site, const struct hook *h, struct strbuf *log)
{
	if (h->kind != HOOK_FENTRY && site->no_return)
		return str_refuse(log, EOPNOTSUPP, "%s never returns, so that %s would never run behind it",
				  site->title, h->name);
	if (h->may_sleep && !site->may_sleep)
		return str_refuse(log, EOPNOTSUPP,
				  "%s may be called where nobody may sleep, and %s may sleep", site->title,
				  h->name);
	return OK;
}

static enum err check_hooks(const struct site *site, const struct hook *hooks, u32 count, struct strbuf *log)
{
	enum err e = OK;

	if (!site->btf_id)
		return str_refuse(log, EOPNOTSUPP,
				  "%s has no type information (BTF), so its arguments are unknown",
				  site->title);
	for (u32 i = 0; i < count && !e; i++)
		e = check_hook(site, &hooks[i], log);
	return e;
}

static enum err check_result(const struct model *m, const struct site *site, const struct hook *hooks,
			     struct strbuf *log)
{
	if (hooks->kind != HOOK_FMOD_RET || !m->ret_hidden)
		return OK;
	return str_refuse(log, EOPNOTSUPP,
			  "%s returns a struct in memory, for which no program's result can stand",
			  site->title);
}

enum err tramp_check(const struct site *site, const struct hook *hooks, u32 hook_count, struct strbuf *log)
{
	struct model m;
	enum err e = check_hooks(site, hooks, hook_count, log);

	if (!e)
		e = model_from_btf(&m, site->btf, site->btf_id, log);
	return e ? e : check_result(&m, site, hooks, log);
}

/* --- One function's part of a change ----------------------------------------------------------- */

static u32 find_hook(const struct tramp *t, const void *owner)
{
	u32 i = 0;
	while (i < t->hook_count && t->hooks[i].owner != owner)
		i++;
	return i;
}

static enum err check_room(const struct tramp *t, const struct hook *hooks, u32 hook_count,
			   struct strbuf *log)
{
	if (find_hook(t, hooks->owner) < t->hook_count)
		return str_refuse(log, EEXIST, "%s is attached to %s already", hooks->name, t->site->title);
	if (t->hook_count + hook_count > TRAMP_HOOKS)
		return str_refuse(log, E2BIG,
				  "%s has %u programs already, of at most %u that a function can have",
				  t->site->title, t->hook_count, TRAMP_HOOKS);
	return OK;
}

/* Gives the site a tramp without hooks, if it has none yet. */
static enum err get_tramp(struct site *site, struct strbuf *log)
{
	struct tramp *t = site->tramp;
	enum err e;

	if (t)
		return OK;
	t = kmalloc(sizeof(*t));
	if (!t)
		return str_refuse(log, ENOMEM, "no memory to trace %s", site->title);
	memset(t, 0, offsetof(struct tramp, hooks));
	t->site = site;
	t->shared = site->ftrace;
	INIT_LIST_HEAD(&t->spares);
	e = model_from_btf(&t->model, site->btf, site->btf_id, log);
	if (e) {
		kfree(t);
		return e;
	}
	list_add_tail(&t->list, &tramps);
	site->tramp = t;
	return OK;
}

static void free_unused(struct tramp *t)
{
	struct site *site = t->site;

	if (t->hook_count)
		return;
	site->tramp = NULL;
	list_del_init(&t->list);
	kfree(t);
	if (neighbour)
		neighbour->left(site);
}

/* Builds t->next from t's hooks, and the spares for what may come after it. */
static enum err prepare_image(struct tramp *t, struct strbuf *log)
{
	u32 len = image_len(t);

	t->next = reserve(t, len);
	if (t->next && !add_spares(t, len)) {
		fill_image(t->next, t);
		return OK;
	}
	if (t->next)
		image_discard(t->next);
	t->next = NULL;
	trim_spares(t);
	return str_refuse(log, ENOMEM, "no memory for an image of %s", t->site->title);
}

static void drop_next(struct tramp *t)
{
	image_discard(t->next);
	t->next = NULL;
	trim_spares(t);
}

static enum err prepare_add(struct site *site, const struct hook *hooks, u32 hook_count, struct strbuf *log)
{
	enum err e = check_hooks(site, hooks, hook_count, log);

	if (!e)
		e = get_tramp(site, log);
	if (e)
		return e;
	e = check_result(&site->tramp->model, site, hooks, log);
	if (!e)
		e = check_room(site->tramp, hooks, hook_count, log);
	if (!e && neighbour)
		e = neighbour->make_room(site, log);
	if (e) {
		free_unused(site->tramp);
		return e;
	}
	memcpy(&site->tramp->hooks[site->tramp->hook_count], hooks, hook_count * sizeof(*hooks));
	site->tramp->hook_count += hook_count;
	e = prepare_image(site->tramp, log);
	if (e) {
		site->tramp->hook_count -= hook_count;
		trim_spares(site->tramp);
		free_unused(site->tramp);
	}
	return e;
}

static void undo_add(struct site *site, u32 hook_count)
{
	site->tramp->hook_count -= hook_count;
	drop_next(site->tramp);
	free_unused(site->tramp);
}

/* Takes owner's hooks out, and builds what is left into a spare image. */
static void prepare_remove(struct tramp *t, const void *owner)
{
	u32 kept = 0;

	for (u32 i = 0; i < t->hook_count; i++)
		if (t->hooks[i].owner != owner)
			t->hooks[kept++] = t->hooks[i];
	t->hook_count = kept;
	if (!kept)
		return;
	t->next = take_spare(t);
	fill_image(t->next, t);
}

/* --- All of them at once ----------------------------------------------------------------------- */

static void image_bytes(u8 bytes[SITE_LEN], const struct site *site, const struct image *img)
{
	if (!img)
		poke_make_nop(bytes);
	else if (img->by_jmp)
		poke_make_jmp(bytes, site->addr, img->text.base);
	else
		poke_make_call(bytes, site->addr, img->text.base);
}

void tramp_site_bytes(const struct site *site, u8 bytes[SITE_LEN])
{
	image_bytes(bytes, site, site->tramp ? site->tramp->image : NULL);
}

/* What brings site's tramp from its image to the next: the site's bytes, unless they are ftrace's, and the
 * gate of the image that goes. */
static void add_pokes(const struct site *site)
{
	struct tramp *t = site->tramp;
	struct poke *p = &pokes[poke_count];

	if (!site->ftrace) {
		p->addr = site->addr;
		image_bytes(p->old, site, t->image);
		image_bytes(p->new, site, t->next);
		p++;
	}
	if (t->image && t->image->gate)
		image_gate(t->image, p++);
	poke_count = (u32)(p - pokes);
}

static void collect_pokes(struct site *const *sites, u32 count)
{
	poke_count = 0;
	for (u32 i = 0; i < count; i++)
		add_pokes(sites[i]);
}

/* Only to an image that expects it: somebody may be in ftrace's caller since before ftrace left the site, and
 * look only now. */
static uptr direct_to(const struct image *img)
{
	return img && img->via_ftrace ? img->text.base : 0;
}

/* The next image is in place. */
static void settle(struct site *site)
{
	struct tramp *t = site->tramp;
	struct image *old = t->image;

	t->image = t->next;
	t->next = NULL;
	__atomic_store_n(&site->direct, direct_to(t->image), __ATOMIC_RELEASE);
	if (old)
		image_retire(old);
	trim_spares(t);
	free_unused(t);
}

/* Every next image is built: from here on only a site that does not hold what it should can stop it. */
static enum err swap_all(struct site *const *sites, u32 count, struct strbuf *log)
{
	enum err e;

	collect_pokes(sites, count);
	e = poke_batch(pokes, poke_count, log);
	if (e)
		return e;
	for (u32 i = 0; i < count; i++)
		settle(sites[i]);
	image_reap();
	return OK;
}

enum err tramp_add(struct site *const *sites, u32 count, const struct hook *hooks, u32 hook_count,
		   struct strbuf *log)
{
	enum err e = OK;
	u32 done = 0;

	while (done < count && !e) {
		e = prepare_add(sites[done], hooks, hook_count, log);
		done += !e;
	}
	if (!e)
		e = swap_all(sites, count, log);
	while (e && done--)
		undo_add(sites[done], hook_count);
	return e;
}

enum err tramp_remove(struct site *const *sites, u32 count, const void *owner, struct strbuf *log)
{
	enum err e;

	for (u32 i = 0; i < count; i++) {
		const struct tramp *t = sites[i]->tramp;
		if (!t || find_hook(t, owner) == t->hook_count)
			return str_refuse(log, ENOENT, "not attached to %s", sites[i]->name);
	}
	collect_pokes(sites, count);
	e = poke_check(pokes, poke_count, log);
	if (e)
		return e;
	for (u32 i = 0; i < count; i++)
		prepare_remove(sites[i]->tramp, owner);
	e = swap_all(sites, count, log);
	assert(!e); /* checked, and the lock is ours */
	return OK;
}

/* --- How images are to be ---------------------------------------------------------------------- */

notrace struct plan_options tramp_options(void)
{
	return options;
}

/* New images for these functions, from the hooks that they have. */
static enum err rebuild(struct site *const *sites, u32 count, struct strbuf *log)
{
	enum err e = OK;
	u32 done = 0;

	while (done < count && !e) {
		e = prepare_image(sites[done]->tramp, log);
		done += !e;
	}
	if (!e)
		e = swap_all(sites, count, log);
	while (e && done--)
		drop_next(sites[done]->tramp);
	return e;
}

enum err tramp_set_options(struct plan_options wanted, struct strbuf *log)
{
	struct plan_options before = options;
	struct tramp *t;
	u32 count = 0;
	enum err e;

	list_for_each_entry(t, &tramps, list)
		all_sites[count++] = t->site;
	options = wanted;
	e = rebuild(all_sites, count, log);
	if (e)
		options = before;
	return e;
}

enum err tramp_share(struct site *site, struct strbuf *log)
{
	struct tramp *t = site->tramp;
	enum err e;

	if (t->shared)
		return OK;
	t->shared = true;
	e = rebuild(&site, 1, log);
	t->shared = !e;
	return e;
}

void tramp_visit_places(void (*visit)(uptr addr, const void *bytes, u32 len))
{
	u8 bytes[SITE_LEN];
	struct tramp *t;

	list_for_each_entry(t, &tramps, list) {
		tramp_site_bytes(t->site, bytes);
		if (!t->site->ftrace)
			visit(t->site->addr, bytes, SITE_LEN);
	}
}

u32 tramp_explain(const struct tramp *t, struct plan *steps, u32 starts[PLAN_STEPS + 1], u8 *code)
{
	struct code c = { .buf = code, .base = t->image->text.base, .cap = TRAMP_IMAGE_MAX };

	generate(&c, t);
	*steps = plan;
	memcpy(starts, gen.starts, sizeof(gen.starts));
	return c.len;
}

/* Sites of programs come on top of those of the table: every program may be traced. */
void tramp_init(void)
{
	u32 most = site_count() + CPU_ACTIVE_SLOTS;

	mutex_init(&lock);
	all_sites = kmalloc(most * sizeof(*all_sites));
	pokes = kmalloc(2 * most * sizeof(*pokes));
	if (!all_sites || !pokes)
		panic("tramp: no memory for changes of %u sites", most);
}
