// SPDX-License-Identifier: MIT
// Collects the keys of a map, sorts them, and prints each element as a line or as rows of a table.
#include "shell/map_dump.h"
#include "kernel/cpu/smp.h"
#include "kernel/io/print.h"
#include "kernel/io/progress.h"
#include "kernel/lib/mem.h"
#include "kernel/mem/heap.h"
#include "shell/histogram.h"
#include "shell/json.h"
#include "shell/style.h"
#include "vm/object.h"
#include "vm/run/map.h"
#include "vm/run/ringbuf.h"

struct keys {
	char *all; /* one behind the other */
	u32 count, cap;
};

static u8 *nth_key(const struct keys *k, const struct map *m, u32 i)
{
	return (u8 *)k->all + (u64)i * m->key_size;
}

static enum err collect(struct keys *k, struct map *m)
{
	*k = (struct keys){ 0 };
	while (k->count < m->max_entries && !progress_stop(0, 0)) {
		if (!heap_grow(&k->all, k->count * m->key_size, &k->cap, m->key_size)) {
			kfree(k->all);
			return ENOMEM;
		}
		const u8 *last = k->count ? nth_key(k, m, k->count - 1) : NULL;
		if (m->ops->next_key(m, last, nth_key(k, m, k->count)))
			break;
		k->count++;
	}
	return OK;
}

static u64 integer(const u8 *data, u32 size)
{
	u64 v = 0;
	memcpy(&v, data, size);
	return v;
}

static enum btf_kind kind_of(const struct map *m, u32 type)
{
	return m->btf && type ? btf_kind(btf_type(m->btf, btf_strip(m->btf, type))) : BTF_VOID;
}

/* Numbers, and keys of no known type, are compared as little-endian numbers; all others byte by byte. */
static bool is_before(const struct map *m, const u8 *a, const u8 *b)
{
	u32 size = m->key_size;
	enum btf_kind kind = kind_of(m, m->key_type);
	if (size > 8 || kind == BTF_ARRAY || kind == BTF_STRUCT)
		return memcmp(a, b, size) < 0;
	bool is_signed = kind == BTF_INT && btf_is_signed(m->btf, btf_strip(m->btf, m->key_type));
	u64 flip = is_signed ? 1ull << (8 * size - 1) : 0;
	return (integer(a, size) ^ flip) < (integer(b, size) ^ flip);
}

static void swap_bytes(u8 *a, u8 *b, u32 size)
{
	while (size--) {
		u8 byte = a[size];
		a[size] = b[size];
		b[size] = byte;
	}
}

/* Shell's sort, in place; arrays come sorted. */
static void sort_keys(const struct keys *k, const struct map *m)
{
	for (u32 gap = k->count / 2; gap; gap /= 2)
		for (u32 i = gap; i < k->count; i++)
			for (u32 at = i; at >= gap; at -= gap) {
				u8 *high = nth_key(k, m, at), *low = nth_key(k, m, at - gap);
				if (!is_before(m, high, low))
					break;
				swap_bytes(low, high, m->key_size);
			}
}

/* Numbers of protocols, by their size in a packet. */
static const struct {
	u32 size, number;
	const char *name;
} protocols[] = {
	{ 2, 0x0800, "ETH_P_IP" },   { 2, 0x0806, "ETH_P_ARP" },  { 2, 0x8100, "ETH_P_8021Q" },
	{ 2, 0x86dd, "ETH_P_IPV6" }, { 1, 1, "IPPROTO_ICMP" },    { 1, 6, "IPPROTO_TCP" },
	{ 1, 17, "IPPROTO_UDP" },    { 1, 58, "IPPROTO_ICMPV6" },
};

static bool has_protocols(const struct map *m)
{
	return kind_of(m, m->key_type) == BTF_INT && m->key_size <= 2 && str_matches(m->name, "*proto*");
}

static const char *protocol_name(const struct map *m, const u8 *key)
{
	for (u32 i = 0; i < array_len(protocols); i++)
		if (protocols[i].size == m->key_size && protocols[i].number == integer(key, m->key_size))
			return protocols[i].name;
	return "";
}

/* Prints a value by its type if that is known, otherwise as bytes. */
static void print_typed(struct strbuf *s, const struct map *m, u32 type, const u8 *data, u32 size)
{
	if (m->btf && type && btf_size(m->btf, type) <= size)
		btf_print_value(s, m->btf, type, data);
	else
		str_hex(s, data, size, " ");
}

/* Returns false if the element has been removed meanwhile. A lock is shown as free. */
static bool print_value_of(struct strbuf *s, struct map *m, const u8 *key, u32 cpu)
{
	if (m->ops->type == BPF_MAP_TYPE_PROG_ARRAY) {
		const struct prog *p = prog_array_get(m, (u32)integer(key, sizeof(u32)));
		str_puts(s, p ? p->name : "");
		return p;
	}
	const u8 *value = m->ops->lookup_cpu(m, key, cpu);
	u8 *unlocked = value && m->lock_size ? kzalloc(m->value_size) : NULL;
	if (unlocked)
		map_copy_around_lock(m, unlocked, value);
	if (value)
		print_typed(s, m, m->value_type, unlocked ? unlocked : value, m->value_size);
	kfree(unlocked);
	return value;
}

static u32 copies(const struct map *m)
{
	return m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY ? cpu_count() : 1;
}

/* Prints each CPU's value of one key, and the sum of numbers. */
static void print_per_cpu(struct strbuf *s, struct map *m, const u8 *key)
{
	bool is_number = kind_of(m, m->value_type) == BTF_INT && m->value_size <= 8;
	u64 sum = 0;
	for (u32 cpu = 0; cpu < cpu_count(); cpu++) {
		str_printf(s, "%scpu%u ", cpu ? ", " : "", cpu);
		print_value_of(s, m, key, cpu);
		sum += is_number ? integer(m->ops->lookup_cpu(m, key, cpu), m->value_size) : 0;
	}
	if (is_number)
		str_printf(s, ", sum %llu", sum);
}

enum { ELEMENT = 1000 };

static void print_key(struct strbuf *s, struct map *m, const u8 *key)
{
	if (m->ops->type == BPF_MAP_TYPE_HASH)
		print_typed(s, m, m->key_type, key, m->key_size);
	else
		str_printf(s, "%llu", integer(key, m->key_size));
}

static void print_element(struct map *m, const u8 *key)
{
	char text[ELEMENT] = "";
	struct strbuf s = STRBUF(text);
	if (m->max_entries > 1 || m->ops->type == BPF_MAP_TYPE_HASH ||
	    m->ops->type == BPF_MAP_TYPE_PROG_ARRAY) {
		const char *name = has_protocols(m) ? protocol_name(m, key) : "";
		print_key(&s, m, key);
		str_printf(&s, "%s%s: ", *name ? " " : "", name);
	}
	if (m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		print_per_cpu(&s, m, key);
	else if (!print_value_of(&s, m, key, 0))
		return;
	kprintf("  %s%s\n", text, s.cut ? " ..." : "");
}

/* The row of one CPU's value. */
static void add_row(struct table *t, struct map *m, const u8 *key, u32 cpu)
{
	char text_of_key[ELEMENT] = "", text[ELEMENT] = "";
	struct strbuf k = STRBUF(text_of_key), s = STRBUF(text);
	print_key(&k, m, key);
	if (!print_value_of(&s, m, key, cpu))
		return;
	table_add(t, "%s", text_of_key);
	if (has_protocols(m))
		table_add(t, "%s", protocol_name(m, key));
	if (m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY)
		table_add(t, "%u", cpu);
	table_add(t, "%s", text);
}

static bool is_zero(struct map *m, const u8 *key)
{
	const u8 *value =
	    m->ops->type == BPF_MAP_TYPE_ARRAY && m->max_entries > 1 ? m->ops->lookup(m, key) : NULL;
	u32 size = value ? m->value_size : 0;
	while (size && !value[size - 1])
		size--;
	return value && !size;
}

static enum err dump_as_table(struct map *m, const struct keys *k, struct strbuf *log)
{
	struct table t;
	table_begin(&t, has_protocols(m)                            ? ">key|name|>value"
			: m->ops->type == BPF_MAP_TYPE_PERCPU_ARRAY ? ">key|>cpu|>value"
								    : ">key|>value");
	for (u32 i = 0; i < k->count; i++)
		for (u32 cpu = 0; cpu < copies(m); cpu++)
			if (!is_zero(m, nth_key(k, m, i)))
				add_row(&t, m, nth_key(k, m, i), cpu);
	return table_print(&t, log);
}

/* Several slots of 0 in a row become one row. Returns false if the map is no histogram, or an empty one. */
static bool dump_as_histogram(struct map *m)
{
	u64 counts[64] = { 0 };
	struct histogram h;
	if (m->ops->type != BPF_MAP_TYPE_ARRAY || kind_of(m, m->value_type) != BTF_INT || m->value_size > 8 ||
	    m->max_entries > array_len(counts) || !str_matches(m->name, "*log2"))
		return false;
	for (u32 i = 0; i < m->max_entries; i++)
		counts[i] = integer(m->ops->lookup(m, &i), m->value_size);
	if (!histogram_begin(&h, counts, m->max_entries, style_columns()))
		return false;
	for (u32 i = h.first; i <= h.last; i++) {
		char row[512];
		struct strbuf s = STRBUF(row);
		if (!counts[i] && !counts[i - 1])
			continue;
		histogram_row(&s, &h, i);
		kprintf("%s\n", counts[i] || counts[i + 1] ? row : "   ...");
	}
	return true;
}

static void dump_as_lines(struct map *m, const struct keys *k)
{
	u32 zeros = 0;
	if (dump_as_histogram(m))
		return;
	for (u32 i = 0; i < k->count && !progress_stop(0, 0); i++) {
		const u8 *key = nth_key(k, m, i);
		if (is_zero(m, key))
			zeros++;
		else
			print_element(m, key);
	}
	if (zeros)
		kprintf("  (%u of %u entries are 0)\n", zeros, m->max_entries);
	else if (!k->count)
		kprintf("  (empty)\n");
}

/* `const struct event *unused` keeps a type in the BTF that a program uses only for records. Returns the struct that such
 * a variable points to, if a record of len bytes can be one; 0 if there is none. */
static u32 record_type(const struct btf *b, u32 len)
{
	for (u32 id = 1; b && id <= b->count; id++) {
		const struct btf_type *var = btf_type(b, id);
		if (btf_kind(var) != BTF_VAR || !str_matches(btf_type_name(b, id), "unused*"))
			continue;
		const struct btf_type *pointer = btf_type(b, btf_strip(b, var->size_or_type));
		u32 type = btf_kind(pointer) == BTF_PTR ? btf_strip(b, pointer->size_or_type) : 0;
		if (btf_kind(btf_type(b, type)) == BTF_STRUCT && btf_size(b, type) == len)
			return type;
	}
	return 0;
}

struct ring_dump {
	const struct map *m;
	struct table *t; /* NULL: lines */
};

static void print_record(const void *data, u32 len, void *arg)
{
	const struct ring_dump *d = arg;
	char text[ELEMENT] = "";
	struct strbuf s = STRBUF(text);
	u32 type = record_type(d->m->btf, len);
	if (type)
		str_printf(&s, "%s ", btf_type_name(d->m->btf, type));
	print_typed(&s, d->m, type, data, len);
	if (d->t)
		table_add(d->t, "%u\t%s", len, text);
	else
		kprintf("  %u bytes: %s%s\n", len, text, s.cut ? " ..." : "");
}

/* The records that are there; afterwards they are not. */
static enum err dump_ring(struct map *m, struct strbuf *log)
{
	struct table t;
	struct ring_dump d = { .m = m };
	if (json_is_on()) {
		d.t = &t;
		table_begin(&t, ">bytes|>data");
		ringbuf_consume(m, print_record, &d);
		return table_print(&t, log);
	}
	kprintf("%s%s%s: %s\n", style(STYLE_NAME), m->name, style_end(), m->ops->name);
	if (!ringbuf_consume(m, print_record, &d))
		kprintf("  (empty)\n");
	return OK;
}

enum err map_dump(const char *name, struct strbuf *log)
{
	struct keys k;
	struct map *m;
	enum err e = find_map(&m, name, log);
	if (e)
		return e;
	if (m->ops->type == BPF_MAP_TYPE_RINGBUF)
		return dump_ring(m, log);
	if (collect(&k, m))
		return str_refuse(log, ENOMEM, "no memory to dump %s", name);
	sort_keys(&k, m);
	if (json_is_on()) {
		e = dump_as_table(m, &k, log);
	} else {
		kprintf("%s%s%s: %s\n", style(STYLE_NAME), m->name, style_end(), m->ops->name);
		dump_as_lines(m, &k);
	}
	kfree(k.all);
	return !e && progress_stop(0, 0) ? EINTR : e;
}
