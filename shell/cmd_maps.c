// SPDX-License-Identifier: MIT
// Commands about maps: map list, map dump.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "shell/command.h"
#include "shell/table.h"
#include "kernel/cpu/smp.h"
#include "vm/object.h"
#include "vm/run/map.h"

static void map_row(struct table *t, const struct object *o, const struct map *m)
{
	table_add(t, "%s\t%s\t%s\t%u\t%u\t%u", m->name, o->name, m->ops->name, m->key_size, m->value_size,
		  m->max_entries);
}

static enum err map_list(struct strbuf *log)
{
	struct table t;
	table_begin(&t, "*map|object|type|>key|>value|>entries");
	for (const struct object *o = object_first(); o; o = o->next)
		for (u32 i = 0; i < o->map_count; i++)
			map_row(&t, o, o->maps[i]);
	return table_print(&t, log);
}

/* Prints a value by its type if that is known, otherwise as bytes. */
static void print_typed(struct strbuf *s, const struct map *m, u32 type, const u8 *data, u32 size)
{
	if (m->btf && type && btf_size(m->btf, type) <= size) {
		btf_print_value(s, m->btf, type, data);
		return;
	}
	str_hex(s, data, size, " ");
}

static bool is_integer(const struct map *m)
{
	return m->btf && m->value_type && m->value_size <= 8 &&
	       btf_kind(btf_type(m->btf, btf_strip(m->btf, m->value_type))) == BTF_INT;
}

static u64 integer(const u8 *data, u32 size)
{
	u64 v = 0;
	memcpy(&v, data, size);
	return v;
}

/* Prints each CPU's value of one key, and the sum of numbers. */
static void print_per_cpu(struct strbuf *s, struct map *m, const void *key)
{
	u64 sum = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		const u8 *value = m->ops->lookup_cpu(m, key, cpu);
		str_printf(s, "%scpu%u ", cpu ? ", " : "", cpu);
		print_typed(s, m, m->value_type, value, m->value_size);
		sum += is_integer(m) ? integer(value, m->value_size) : 0;
	}
	if (is_integer(m))
		str_printf(s, ", sum %llu", sum);
}

static bool all_zero(const u8 *data, u32 size)
{
	while (size && !data[size - 1])
		size--;
	return !size;
}

static bool print_program(struct map *m, const void *key)
{
	u32 index;
	memcpy(&index, key, sizeof(index));
	kprintf("  %u: %s\n", index, prog_array_get(m, index)->name);
	return true;
}

/* Prints one line "key: value". Leaves out a zero of an array, and then returns false. */
static bool print_element(struct map *m, const void *key)
{
	char text[1000] = "";
	struct strbuf s = STRBUF(text);
	if (m->ops->type == BPF_MAP_TYPE_PROG_ARRAY)
		return print_program(m, key);
	const u8 *value = m->ops->lookup_cpu(m, key, 0);
	bool per_cpu = m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	if (!value) /* removed meanwhile */
		return true;
	if (m->ops->type == BPF_MAP_TYPE_ARRAY && m->max_entries > 1 && all_zero(value, m->value_size))
		return false;
	if (m->key_size && !(m->max_entries == 1 && m->ops->type != BPF_MAP_TYPE_HASH)) {
		print_typed(&s, m, m->key_type, key, m->key_size);
		str_puts(&s, ": ");
	}
	if (per_cpu)
		print_per_cpu(&s, m, key);
	else
		print_typed(&s, m, m->value_type, value, m->value_size);
	kprintf("  %s%s\n", text, s.cut ? " ..." : "");
	return true;
}

/* A program may change the map meanwhile. As on Linux, at most max_entries lines are printed, and elements
 * that come or go may be missed. */
static void dump(struct map *m, u8 *key, u8 *next)
{
	u32 seen = 0, zeros = 0;
	enum err e = m->ops->next_key(m, NULL, next);
	for (; !e && seen < m->max_entries && !progress_stop(0, 0); seen++) {
		memcpy(key, next, m->key_size);
		zeros += !print_element(m, key);
		e = m->ops->next_key(m, key, next);
	}
	if (zeros)
		kprintf("  (%u of %u entries are 0)\n", zeros, m->max_entries);
	else if (!seen)
		kprintf("  (empty)\n");
}

static enum err map_dump(const char *name, struct strbuf *log)
{
	struct map *m;
	enum err e = find_map(&m, name, log);
	if (e)
		return e;
	u8 *keys = kmalloc(2 * max(m->key_size, 8u));
	if (!keys)
		return str_refuse(log, ENOMEM, "no memory to dump %s", name);
	kprintf("%s: %s\n", m->name, m->ops->name);
	dump(m, keys, keys + max(m->key_size, 8u));
	kfree(keys);
	return progress_stop(0, 0) ? EINTR : OK;
}

static enum err cmd_map(char **args, struct strbuf *log)
{
	if (!args[1] && strcmp(args[0], "list") == 0)
		return map_list(log);
	if (args[1] && strcmp(args[0], "dump") == 0)
		return map_dump(args[1], log);
	return str_refuse(log, EINVAL, "usage: map list, or map dump NAME");
}

const struct command map_commands[] = {
	{ "map", "list|dump [NAME]", "maps: what programs keep", cmd_map,
	  "Lists the maps of all programs, or prints what one holds, by its type. Global variables are in "
	  "maps, too: those of skbcount in skbcount.bss.",
	  "map list; map dump freed_per_cpu", "bpftool map list; bpftool map dump name freed_per_cpu",
	  .tables = "list" },
	{ 0 },
};
