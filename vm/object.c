// SPDX-License-Identifier: MIT
// The list of loaded objects, and the search for their programs and maps by name.
#include "vm/object.h"
#include "kernel/lib/mem.h"
#include "kernel/lib/nearest.h"
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

/* Returns NAME of OBJECT/NAME if o is that object, the whole of a name without an object, else NULL. */
static const char *name_within(const struct object *o, const char *name)
{
	const char *slash = name + str_until(name, '/');
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

/* Returns the section whose variables the map holds; NULL if it holds none. Names in C have no dot. */
static const char *section_of(const struct object *o, const struct map *m)
{
	size_t len = strlen(o->name);
	return strncmp(m->name, o->name, len) == 0 && m->name[len] == '.' ? m->name + len : NULL;
}

/* Cuts the name as libbpf does: the object's part, not the section's. */
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

/* Prints number `count` of those that have the name, as OBJECT/NAME. Prints nothing if log is NULL. */
static void list_one(struct strbuf *log, u32 count, const struct object *o, const char *own)
{
	if (log)
		str_printf(log, "%s%s/%s", count > 1 ? ", " : "", o->name, own);
}

static u32 each_prog(const char *name, struct prog **first, struct strbuf *log)
{
	u32 count = 0;
	*first = NULL;
	for (struct object *o = object_first(); o; o = o->next) {
		for (u32 i = 0; i < o->prog_count; i++) {
			if (!is_called(o, o->progs[i]->name, name))
				continue;
			if (!count++)
				*first = o->progs[i];
			list_one(log, count, o, o->progs[i]->name);
		}
	}
	return count;
}

static u32 each_map(const char *name, struct map **first, struct strbuf *log)
{
	u32 count = 0;
	*first = NULL;
	for (const struct object *o = object_first(); o; o = o->next) {
		for (u32 i = 0; i < o->map_count; i++) {
			const char *section = section_of(o, o->maps[i]);
			if (!map_is_called(o, o->maps[i], name))
				continue;
			if (!count++)
				*first = o->maps[i];
			list_one(log, count, o, section ? section : o->maps[i]->name);
		}
	}
	return count;
}

u32 progs_named(const char *name, struct prog **first)
{
	return each_prog(name, first, NULL);
}

struct prog *prog_named(const char *name)
{
	struct prog *p;
	return progs_named(name, &p) == 1 ? p : NULL;
}

static enum err refuse_prog(const char *name, struct strbuf *log)
{
	struct nearest n = { .wrong = name };
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->prog_count; i++)
			nearest_offer(&n, o->progs[i]->name);
	str_printf(log, "no program is called %s", name);
	nearest_print(&n, log, "; prog list names them");
	return ENOENT;
}

static enum err refuse_map(const char *name, struct strbuf *log)
{
	struct nearest n = { .wrong = name };
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->map_count; i++)
			nearest_offer(&n, o->maps[i]->name);
	str_printf(log, "no map is called %s", name);
	nearest_print(&n, log, "; map list names them");
	return ENOENT;
}

enum err find_prog(struct prog **p, const char *name, struct strbuf *log)
{
	u32 count = each_prog(name, p, NULL);
	if (count == 1)
		return OK;
	if (!count)
		return refuse_prog(name, log);
	str_printf(log, "there are %u programs called %s; say which: ", count, name);
	each_prog(name, p, log);
	return EINVAL;
}

enum err find_map(struct map **m, const char *name, struct strbuf *log)
{
	u32 count = each_map(name, m, NULL);
	if (count == 1)
		return OK;
	if (!count)
		return refuse_map(name, log);
	str_printf(log, "there are %u maps called %s; say which: ", count, name);
	each_map(name, m, log);
	return EINVAL;
}

void print_prog_name(struct strbuf *s, const struct prog *p)
{
	struct prog *first;
	if (progs_named(p->name, &first) > 1)
		str_printf(s, "%s/", p->object->name);
	str_puts(s, p->name);
}
