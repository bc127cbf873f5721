// SPDX-License-Identifier: MIT
// What all types of maps share: the checks of a new map, and the table of types.
#include "vm/run/map.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/prog.h"

#define KEY_SIZE_MAX 512 /* a program's stack */

static const struct map_ops *const types[] = { &map_array_ops, &map_hash_ops, &map_percpu_array_ops,
					       &map_prog_array_ops, &map_ringbuf_ops };

static const struct map_ops *find_type(enum bpf_map_type type)
{
	for (u32 i = 0; i < array_len(types); i++)
		if (types[i]->type == type)
			return types[i];
	return NULL;
}

static void print_map_type(struct strbuf *log, u32 type)
{
#define NAME(upper, lower) #lower,
	static const char *const names[] = { LINUX_MAP_TYPES(NAME) };
	if (type < array_len(names))
		str_printf(log, "%s (%u)", names[type], type);
	else
		str_printf(log, "%u", type);
}

/* Returns a hint: what a program can use instead. */
static const char *instead_of(u32 type)
{
	switch (type) {
	case BPF_MAP_TYPE_LRU_HASH: return "; a hash is, which refuses keys when it is full";
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH: return "; a hash is, changed by atomic instructions";
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY: return "; a ringbuf is, for records of any size";
	case BPF_MAP_TYPE_TASK_STORAGE: return "; a hash is, with the task's pid as key";
	default: return "";
	}
}

enum err map_check_type(const char *name, u32 type, struct strbuf *log)
{
	if (find_type((enum bpf_map_type)type))
		return OK;
	str_printf(log, "map %s: type ", name);
	print_map_type(log, type);
	str_puts(log, " is not supported; ");
	for (u32 i = 0; i < array_len(types); i++)
		str_printf(log, "%s%s", i ? i + 1 == array_len(types) ? " and " : ", " : "", types[i]->name);
	return str_refuse(log, EOPNOTSUPP, " are%s", instead_of(type));
}

static enum err check_sizes(const struct map *m, struct strbuf *log)
{
	bool is_ring = m->ops->type == BPF_MAP_TYPE_RINGBUF;
	if (is_ring && (m->key_size || m->value_size))
		return str_refuse(log, EINVAL, "map %s: a ringbuf has neither keys nor values", m->name);
	if (!is_ring && (!m->key_size || !m->value_size || !m->max_entries))
		return str_refuse(log, EINVAL,
				  "map %s: key size %u, value size %u and max_entries %u must all be above 0",
				  m->name, m->key_size, m->value_size, m->max_entries);
	if (m->key_size > KEY_SIZE_MAX)
		return str_refuse(log, E2BIG,
				  "map %s: a key of %u bytes is larger than a program's stack of %u", m->name,
				  m->key_size, KEY_SIZE_MAX);
	if (m->flags & ~m->ops->flags)
		return str_refuse(log, EINVAL, "map %s: flags 0x%x are not supported for type %s", m->name,
				  m->flags & ~m->ops->flags, m->ops->name);
	return OK;
}

enum err map_create(struct map **out, const char *name, enum bpf_map_type type, u32 key_size, u32 value_size,
		    u32 max_entries, u32 flags, struct strbuf *log)
{
	*out = NULL;
	const struct map_ops *ops = find_type(type);
	if (!ops)
		return map_check_type(name, type, log);
	struct map *m = kzalloc(sizeof(*m) + strlen(name) + 1);
	if (!m)
		return str_refuse(log, ENOMEM, "map %s: no memory", name);
	m->ops = ops;
	m->key_size = key_size;
	m->value_size = value_size;
	m->max_entries = max_entries;
	m->flags = flags;
	m->read_only = flags & BPF_F_RDONLY_PROG;
	m->name = memcpy(m + 1, name, strlen(name) + 1);
	enum err e = check_sizes(m, log);
	if (!e)
		e = ops->init(m, log);
	if (e)
		kfree(m);
	else
		*out = m;
	return e;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	m->ops->destroy(m);
	kfree(m);
}

notrace struct map *prog_map(const struct prog *p, u64 value)
{
	const struct object *o = p->object;
	for (u32 i = 0; o && i < o->map_count; i++)
		if ((uptr)o->maps[i] == value)
			return o->maps[i];
	return NULL;
}
