// SPDX-License-Identifier: MIT
// Changes of traced functions: change the hooks, build the new image whole, poke the site, retire the old
// image. Many functions change together: each step is done for all of them before the next step.
#include "tramp/tramp.h"
#include "kernel/cpu/panic.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "kernel/sched/sched.h"
#include "tramp/build.h"

static struct mutex lock;
static LIST_HEAD(tramps);
static const struct tramp_neighbour *neighbour;

/* For a change of all functions: two pokes for each, its site and the gate of its old image. */
static struct site **all_sites;
static struct poke *pokes;
static u32 poke_count;

void tramp_set_neighbour(const struct tramp_neighbour *n)
{
	neighbour = n;
}

void tramp_lock(void)
{
	mutex_lock(&lock);
}

void tramp_unlock(void)
{
	mutex_unlock(&lock);
}

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

struct tramp *tramp_next(const struct tramp *t)
{
	const struct list_head *next = t ? t->list.next : tramps.next;
	return next == &tramps ? NULL : list_entry(next, struct tramp, list);
}

/* Makes a tramp without hooks for the site, if it has none. */
static enum err get_tramp(struct site *site, const struct model *model, struct strbuf *log)
{
	struct tramp *t = site->tramp;

	if (t)
		return OK;
	t = kmalloc(sizeof(*t));
	if (!t)
		return str_refuse(log, ENOMEM, "no memory to trace %s", site->title);
	memset(t, 0, offsetof(struct tramp, hooks));
	t->site = site;
	t->shared = site->ftrace;
	INIT_LIST_HEAD(&t->spares);
	t->model = *model;
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

static enum err prepare_add(struct site *site, const struct hook *hooks, u32 hook_count, struct strbuf *log)
{
	struct model model;
	struct tramp *t;
	enum err e = tramp_check(site, hooks, hook_count, &model, log);

	if (!e)
		e = get_tramp(site, &model, log);
	if (e)
		return e;
	t = site->tramp;
	e = check_room(t, hooks, hook_count, log);
	if (!e && neighbour)
		e = neighbour->make_room(site, log);
	if (!e) {
		memcpy(&t->hooks[t->hook_count], hooks, hook_count * sizeof(*hooks));
		t->hook_count += hook_count;
		e = build_next(t, log);
		t->hook_count -= e ? hook_count : 0;
	}
	if (e) {
		build_trim(t);
		free_unused(t);
	}
	return e;
}

static void undo_add(struct site *site, u32 hook_count)
{
	site->tramp->hook_count -= hook_count;
	build_drop(site->tramp);
	free_unused(site->tramp);
}

/* Removes owner's hooks, and builds the image of those that stay in a spare one. */
static void prepare_remove(struct tramp *t, const void *owner)
{
	u32 kept = 0;

	for (u32 i = 0; i < t->hook_count; i++)
		if (t->hooks[i].owner != owner)
			t->hooks[kept++] = t->hooks[i];
	t->hook_count = kept;
	if (kept)
		build_from_spare(t);
}

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

/* Adds the changes that lead from the image of site's tramp to the next: the site's bytes, unless they are
 * ftrace's, and the gate of the old image. */
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

/* The value of site->direct: 0 unless img was made for it. A task may have been in ftrace's caller since
 * before ftrace left the site, and read site->direct only now. */
static uptr direct_to(const struct image *img)
{
	return img && img->via_ftrace ? img->text.base : 0;
}

/* After the poke: the site leads to the next image, which becomes the current one. */
static void settle(struct site *site)
{
	struct tramp *t = site->tramp;
	struct image *old = t->image;

	t->image = t->next;
	t->next = NULL;
	__atomic_store_n(&site->direct, direct_to(t->image), __ATOMIC_RELEASE);
	if (old)
		image_retire(old);
	build_trim(t);
	free_unused(t);
}

/* Every next image is built. Now only a site that does not hold what it should can stop the change. */
static enum err swap_all(struct site *const *sites, u32 count, struct strbuf *log)
{
	enum err e;

	text_changed();
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
		if (count > 1 && progress_stop(done, count))
			e = str_refuse(log, EINTR, "nothing has been attached");
		else
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
	assert(!e); /* checked, under the lock */
	return OK;
}

notrace struct plan_options tramp_options(void)
{
	return build_options;
}

/* Builds new images for these functions, with the hooks that they have, and swaps them in. */
static enum err rebuild(struct site *const *sites, u32 count, struct strbuf *log)
{
	enum err e = OK;
	u32 done = 0;

	while (done < count && !e) {
		e = build_next(sites[done]->tramp, log);
		done += !e;
	}
	if (!e)
		e = swap_all(sites, count, log);
	while (e && done--)
		build_drop(sites[done]->tramp);
	return e;
}

enum err tramp_set_options(struct plan_options wanted, struct strbuf *log)
{
	struct plan_options before = build_options;
	struct tramp *t;
	u32 count = 0;
	enum err e;

	list_for_each_entry(t, &tramps, list)
		all_sites[count++] = t->site;
	build_options = wanted;
	e = rebuild(all_sites, count, log);
	if (e)
		build_options = before;
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

/* A change may concern every site of the table and, besides, every program. */
void tramp_init(void)
{
	u32 most = site_count() + CPU_ACTIVE_SLOTS;

	mutex_init(&lock);
	all_sites = kmalloc(most * sizeof(*all_sites));
	pokes = kmalloc(2 * most * sizeof(*pokes));
	if (!all_sites || !pokes)
		panic("tramp: no memory for changes of %u sites", most);
}
