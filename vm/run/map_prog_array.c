// SPDX-License-Identifier: MIT
// Arrays of programs: where tail calls lead. A program cannot look into them. The loader fills them before
// any program of the object runs, so a slot never changes during a tail call.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/run/frame.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/prog.h"

/* What all programs in the array, and all that tail-call through it, must have in common. */
struct owner {
	bool known, sleepable;
	enum prog_type type;
	enum prog_mode mode;
	const struct prog *typed; /* one whose context has types */
};

static enum err prog_array_init(struct map *m, struct strbuf *log)
{
	if (m->key_size != sizeof(u32) || m->value_size != sizeof(u32))
		return str_refuse(log, EINVAL,
				  "map %s: key and value of a prog_array are 4 bytes, not %u and %u", m->name,
				  m->key_size, m->value_size);
	m->stride = sizeof(struct prog *);
	if ((u64)m->stride * m->max_entries > MAP_BYTES_MAX)
		return str_refuse(log, E2BIG, "map %s: %u programs need more than %u MiB", m->name,
				  m->max_entries, MAP_BYTES_MAX >> 20);
	m->values = kzalloc((size_t)m->stride * m->max_entries);
	m->impl = kzalloc(sizeof(struct owner));
	if (m->values && m->impl)
		return OK;
	str_printf(log, "map %s: no memory for %u programs", m->name, m->max_entries);
	kfree(m->values);
	kfree(m->impl);
	return ENOMEM;
}

static void prog_array_destroy(struct map *m)
{
	kfree(m->values);
	kfree(m->impl);
}

static notrace void *no_lookup(struct map *m unused, const void *key unused)
{
	return NULL;
}

static void *no_lookup_cpu(struct map *m unused, const void *key unused, u32 cpu unused)
{
	return NULL;
}

static notrace enum err no_update(struct map *m unused, const void *key unused, const void *value unused,
				  u64 flags unused)
{
	return EINVAL;
}

static notrace enum err no_remove(struct map *m unused, const void *key unused)
{
	return EINVAL;
}

notrace const struct prog *prog_array_get(const struct map *m, u32 index)
{
	return index < m->max_entries ? ((const struct prog *const *)m->values)[index] : NULL;
}

/* Goes to the next slot that holds a program. */
static enum err prog_array_next_key(struct map *m, const void *key, void *next)
{
	u32 index = 0;
	if (key) {
		memcpy(&index, key, sizeof(index));
		index++;
	}
	while (index < m->max_entries && !prog_array_get(m, index))
		index++;
	if (index >= m->max_entries)
		return ENOENT;
	memcpy(next, &index, sizeof(index));
	return OK;
}

static u32 proto_of_target(const struct prog *p)
{
	u32 func = kfunc_types() ? btf_find(kfunc_types(), p->target, BTF_FUNC) : 0;
	return btf_type(kfunc_types(), func)->size_or_type;
}

static bool same_context(const struct prog *a, const struct prog *b)
{
	return strcmp(a->target, b->target) == 0 ||
	       (proto_of_target(a) && proto_of_target(a) == proto_of_target(b));
}

bool prog_array_claim(struct map *m, const struct prog *p)
{
	struct owner *o = m->impl;
	if (!o->known)
		*o = (struct owner){ true, p->sleepable, p->type, p->mode, NULL };
	if (frame_is_typed(p) && o->typed && !same_context(o->typed, p))
		return false;
	if (frame_is_typed(p))
		o->typed = p;
	return o->sleepable == p->sleepable && o->type == p->type && o->mode == p->mode;
}

enum err prog_array_set(struct map *m, u32 index, const struct prog *p)
{
	if (index >= m->max_entries)
		return E2BIG;
	if (!prog_array_claim(m, p))
		return EINVAL;
	((const struct prog **)m->values)[index] = p;
	return OK;
}

const struct map_ops map_prog_array_ops = {
	.type = BPF_MAP_TYPE_PROG_ARRAY,
	.name = "prog_array",
	.init = prog_array_init,
	.destroy = prog_array_destroy,
	.lookup = no_lookup,
	.update = no_update,
	.remove = no_remove,
	.next_key = prog_array_next_key,
	.lookup_cpu = no_lookup_cpu,
};
