// SPDX-License-Identifier: MIT
// Arrays, shared and per CPU: entries in a row at a constant address. All exist from the start, and none is
// ever added or removed, so a lookup takes no lock.
//
//   values + cpu * per_cpu_stride + index * stride        (per_cpu_stride is 0 in a shared array)
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/cpu/smp.h"
#include "vm/run/map.h"

#define CACHE_LINE 64 /* in a per-CPU array no two CPUs share one */

static notrace u32 index_of(const void *key)
{
	u32 index;
	memcpy(&index, key, sizeof(index)); /* a program's key may lie anywhere on its stack */
	return index;
}

static enum err init_copies(struct map *m, u32 copies, struct strbuf *log)
{
	if (m->key_size != sizeof(u32))
		return str_refuse(log, EINVAL, "map %s: an array's key is 4 bytes, not %u", m->name,
				  m->key_size);
	m->stride = align_up(m->value_size, 8u);
	u64 bytes = (u64)m->stride * m->max_entries;
	u64 all = align_up(bytes, (u64)CACHE_LINE) * copies + CACHE_LINE;
	if (m->stride < m->value_size || bytes > MAP_BYTES_MAX || all > MAP_BYTES_MAX)
		return str_refuse(log, E2BIG, "map %s: %u entries of %u bytes need more than %u MiB", m->name,
				  m->max_entries, m->value_size, MAP_BYTES_MAX >> 20);
	m->impl = kzalloc(all);
	if (!m->impl)
		return str_refuse(log, ENOMEM, "map %s: no memory for %llu bytes", m->name, all);
	m->values = (u8 *)align_up((uptr)m->impl, (uptr)CACHE_LINE);
	return OK;
}

static enum err array_init(struct map *m, struct strbuf *log)
{
	return init_copies(m, 1, log);
}

static enum err percpu_init(struct map *m, struct strbuf *log)
{
	enum err e = init_copies(m, cpu_count(), log);
	m->per_cpu_stride = align_up((u64)m->stride * m->max_entries, (u64)CACHE_LINE);
	return e;
}

static void array_destroy(struct map *m)
{
	kfree(m->impl);
}

static notrace void *array_lookup_cpu(struct map *m, const void *key, u32 cpu)
{
	u32 index = index_of(key);
	if (index >= m->max_entries)
		return NULL;
	return m->values + cpu * m->per_cpu_stride + (u64)index * m->stride;
}

static notrace void *array_lookup(struct map *m, const void *key)
{
	return array_lookup_cpu(m, key, 0);
}

static notrace void *percpu_lookup(struct map *m, const void *key)
{
	return array_lookup_cpu(m, key, smp_processor_id());
}

static notrace enum err array_update(struct map *m, const void *key, const void *value, u64 flags)
{
	if (m->read_only)
		return EPERM;
	if (flags > BPF_EXIST)
		return EINVAL;
	void *at = m->ops->lookup(m, key);
	if (!at)
		return E2BIG;
	if (flags == BPF_NOEXIST)
		return EEXIST;
	if (m->lock_size)
		map_copy_around_lock(m, at, value);
	else
		memcpy(at, value, m->value_size);
	return OK;
}

static notrace enum err array_remove(struct map *m unused, const void *key unused)
{
	return EINVAL;
}

static u64 array_values_around(const struct map *m, uptr at, const void **base)
{
	u64 len = m->per_cpu_stride ? m->per_cpu_stride * cpu_count() : (u64)m->stride * m->max_entries;
	*base = m->values;
	return at - (uptr)m->values < len ? len : 0;
}

static enum err array_next_key(struct map *m, const void *key, void *next)
{
	u32 index = key && index_of(key) < m->max_entries ? index_of(key) + 1 : 0;
	if (index >= m->max_entries)
		return ENOENT;
	memcpy(next, &index, sizeof(index));
	return OK;
}

static notrace bool array_iterate(struct map *m, struct map_iter *it)
{
	if (it->at >= m->max_entries)
		return false;
	it->index = it->at++;
	it->key = &it->index;
	it->value = m->ops->lookup(m, it->key);
	return true;
}

/* The operations of both types. */
#define ARRAY_OPS                                                                                         \
	.destroy = array_destroy, .update = array_update, .remove = array_remove,                         \
	.next_key = array_next_key, .values_around = array_values_around, .lookup_cpu = array_lookup_cpu, \
	.iterate = array_iterate

const struct map_ops map_array_ops = {
	.type = BPF_MAP_TYPE_ARRAY,
	.name = "array",
	.flags = BPF_F_RDONLY_PROG | BPF_F_MMAPABLE,
	.init = array_init,
	.lookup = array_lookup,
	ARRAY_OPS,
};

const struct map_ops map_percpu_array_ops = {
	.type = BPF_MAP_TYPE_PERCPU_ARRAY,
	.name = "percpu_array",
	.init = percpu_init,
	.lookup = percpu_lookup,
	ARRAY_OPS,
};
