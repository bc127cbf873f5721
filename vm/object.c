// SPDX-License-Identifier: MIT
// The list of loaded objects, and what finds their programs and maps by name.
#include "vm/object.h"
#include "kernel/lib/mem.h"
#include "kernel/sched/lock.h"
#include "vm/compile.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"

#define LIBBPF_NAME_LEN 16 /* with its 0, of a map */

static const struct btf *kernel_types;
static struct object *objects; /* oldest first */
static spinlock_t objects_lock;

void object_add(struct object *o)
{
	uptr irq = spin_lock_irqsave(&objects_lock);
	struct object **at = &objects;
	while (*at)
		at = &(*at)->next;
	*at = o;
	spin_unlock_irqrestore(&objects_lock, irq);
}

void object_remove(struct object *o)
{
	uptr irq = spin_lock_irqsave(&objects_lock);
	struct object **at = &objects;
	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	spin_unlock_irqrestore(&objects_lock, irq);
}

struct object *object_first(void)
{
	return objects;
}

struct object *object_named(const char *name)
{
	for (struct object *o = objects; o; o = o->next)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

void vm_init(const struct btf *kernel_btf)
{
	kernel_types = kernel_btf;
	compile_init();
	kfunc_init(kernel_btf);
}

const struct btf *vm_kernel_btf(void)
{
	return kernel_types;
}

/* NAME of OBJECT/NAME, if that is the object; all of a name without an object; else NULL. */
static const char *name_within(const struct object *o, const char *name)
{
	const char *slash = name;
	while (*slash && *slash != '/')
		slash++;
	if (!*slash)
		return name;
	size_t len = strlen(o->name);
	return len == (size_t)(slash - name) && strncmp(o->name, name, len) == 0 ? slash + 1 : NULL;
}

static bool is_called(const struct object *o, const char *own, const char *name)
{
	const char *within = name_within(o, name);
	return within && strcmp(own, within) == 0;
}

/* The section whose variables the map holds, NULL if it holds none: names in C have no dot. */
static const char *section_of(const struct object *o, const struct map *m)
{
	size_t len = strlen(o->name);
	return strncmp(m->name, o->name, len) == 0 && m->name[len] == '.' ? m->name + len : NULL;
}

/* As libbpf does it: the object's name is cut, not the section's. */
static void libbpf_name(char name[LIBBPF_NAME_LEN], const struct object *o, const char *section)
{
	struct strbuf s = { .buf = name, .cap = LIBBPF_NAME_LEN };
	u32 suffix = min(max((u32)strlen(section), 7u), LIBBPF_NAME_LEN - 1u);
	str_printf(&s, "%.*s%.*s", (int)(LIBBPF_NAME_LEN - 1 - suffix), o->name, (int)suffix, section);
}

static bool map_is_called(const struct object *o, const struct map *m, const char *name)
{
	const char *section = section_of(o, m);
	char cut[LIBBPF_NAME_LEN];
	if (is_called(o, m->name, name))
		return true;
	if (!section)
		return false;
	libbpf_name(cut, o, section);
	return is_called(o, section, name) || is_called(o, cut, name);
}

/* "there are 2 programs called x: " before the first, then each as OBJECT/NAME. */
static void list_one(struct strbuf *log, u32 i, u32 count, const char *kind, const char *name,
		     const struct object *o, const char *own)
{
	if (i == 0)
		str_printf(log, "there are %u %s called %s; say which: ", count, kind, name);
	str_printf(log, "%s%s/%s", i ? ", " : "", o->name, own);
}

u32 progs_named(const char *name, struct prog **first)
{
	u32 count = 0;
	*first = NULL;
	for (struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			if (is_called(o, o->progs[i]->name, name) && !count++)
				*first = o->progs[i];
	return count;
}

struct prog *prog_named(const char *name)
{
	struct prog *p;
	return progs_named(name, &p) == 1 ? p : NULL;
}

static void list_progs(struct strbuf *log, const char *name, u32 count)
{
	u32 at = 0;
	for (struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			if (is_called(o, o->progs[i]->name, name))
				list_one(log, at++, count, "programs", name, o, o->progs[i]->name);
}

enum err find_prog(struct prog **p, const char *name, struct strbuf *log)
{
	u32 count = progs_named(name, p);
	if (count == 1)
		return OK;
	if (count)
		list_progs(log, name, count);
	else
		str_printf(log, "no program is called %s; prog list names them", name);
	return count ? EINVAL : ENOENT;
}

static u32 maps_named(const char *name, struct map **first)
{
	u32 count = 0;
	*first = NULL;
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->map_count; i++)
			if (map_is_called(o, o->maps[i], name) && !count++)
				*first = o->maps[i];
	return count;
}

static void list_maps(struct strbuf *log, const char *name, u32 count)
{
	u32 at = 0;
	for (const struct object *o = object_first(); o; o = o->next) {
		for (u32 i = 0; i < o->map_count; i++) {
			const char *section = section_of(o, o->maps[i]);
			if (map_is_called(o, o->maps[i], name))
				list_one(log, at++, count, "maps", name, o,
					 section ? section : o->maps[i]->name);
		}
	}
}

enum err find_map(struct map **m, const char *name, struct strbuf *log)
{
	u32 count = maps_named(name, m);
	if (count == 1)
		return OK;
	if (count)
		list_maps(log, name, count);
	else
		str_printf(log, "no map is called %s; map list names them", name);
	return count ? EINVAL : ENOENT;
}

void print_prog_name(struct strbuf *s, const struct prog *p)
{
	struct prog *first;
	if (progs_named(p->name, &first) > 1)
		str_printf(s, "%s/", p->object->name);
	str_puts(s, p->name);
}
