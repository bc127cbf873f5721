// SPDX-License-Identifier: MIT
// The sites of the programs that are traced now. They are few, so a list is enough.
#include "attach/prog_site.h"
#include "kernel/mem/heap.h"
#include "vm/object.h"

struct prog_site {
	struct site site; /* site.users is the program's `links` */
	struct list_head list;
};

static LIST_HEAD(prog_sites);

struct site *prog_site_of(const struct prog *p)
{
	struct prog_site *ps;

	list_for_each_entry(ps, &prog_sites, list)
		if (ps->site.users == &p->links)
			return &ps->site;
	return NULL;
}

static struct site *make_site(struct prog *p)
{
	struct prog_site *ps = kzalloc(sizeof(*ps));

	if (!ps)
		return NULL;
	ps->site.addr = p->text.base;
	ps->site.name = ps->site.title = p->name;
	ps->site.btf = &p->object->btf;
	ps->site.btf_id = p->btf_func_id;
	ps->site.may_sleep = p->sleepable;
	ps->site.users = &p->links;
	list_add_tail(&ps->list, &prog_sites);
	return &ps->site;
}

void prog_site_put(struct site *site)
{
	struct prog_site *ps = container_of(site, struct prog_site, site);

	if (!site->users || site->tramp)
		return;
	list_del_init(&ps->list);
	kfree(ps);
}

static bool traces_a_program(const struct prog *p)
{
	const struct prog_site *ps;

	list_for_each_entry(ps, &prog_sites, list)
		for (u32 i = 0; ps->site.tramp && i < ps->site.tramp->hook_count; i++)
			if (ps->site.tramp->hooks[i].owner == p)
				return true;
	return false;
}

enum err prog_site_get(struct site **site, const struct prog *p, struct prog *target, struct strbuf *log)
{
	if (target == p)
		return str_refuse(log, EINVAL, "%s cannot trace itself", p->name);
	if (prog_site_of(p) || traces_a_program(target))
		return str_refuse(log, EINVAL, "%s cannot trace %s: only one of two may trace programs",
				  p->name, target->name);
	if (!target->object || !target->btf_func_id)
		return str_refuse(log, EOPNOTSUPP,
				  "%s has no type information (BTF), so its argument is unknown",
				  target->name);
	*site = prog_site_of(target);
	if (!*site)
		*site = make_site(target);
	return *site ? OK : str_refuse(log, ENOMEM, "no memory for a site of %s", target->name);
}
