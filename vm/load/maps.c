// SPDX-License-Identifier: MIT
// Maps of an object. Each variable in .maps is a struct without a value: __uint(name, n) is a pointer to an
// array of n ints, __type(name, t) is a pointer to t. So BTF alone describes the map. Each section of global
// variables becomes an array of one entry, as in libbpf.
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/load/load.h"
#include "vm/run/lock.h"

#define PROG_VALUE_SIZE 4 /* of a prog_array, as its values imply */

struct map_def {
	const char *name;
	u32 type, max_entries, flags, key_size, value_size, key_type, value_type, pinning;
	u32 values; /* offset of the last field, __array(values, ...), in the variable; 0: it has none */
};

struct map_field {
	const char *name;
	bool is_type; /* __type, not __uint */
	size_t at;    /* in struct map_def */
};

static const struct map_field fields[] = {
	{ "type", false, offsetof(struct map_def, type) },
	{ "max_entries", false, offsetof(struct map_def, max_entries) },
	{ "map_flags", false, offsetof(struct map_def, flags) },
	{ "key_size", false, offsetof(struct map_def, key_size) },
	{ "value_size", false, offsetof(struct map_def, value_size) },
	{ "pinning", false, offsetof(struct map_def, pinning) },
	{ "key", true, offsetof(struct map_def, key_type) },
	{ "value", true, offsetof(struct map_def, value_type) },
};

static const struct map_field *find_field(const char *name)
{
	for (u32 i = 0; i < array_len(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

/* Whether a field is __array(values, int (void *)): pointers to programs, which relocations name. */
static bool is_program_list(const struct btf *b, const struct btf_member *m)
{
	const struct btf_type *array = btf_type(b, btf_strip(b, m->type));
	if (strcmp(btf_name(b, m->name_off), "values") || btf_kind(array) != BTF_ARRAY)
		return false;
	const struct btf_type *pointer = btf_type(b, btf_strip(b, btf_array(array)->type));
	return btf_kind(pointer) == BTF_PTR &&
	       btf_kind(btf_type(b, btf_strip(b, pointer->size_or_type))) == BTF_FUNC_PROTO;
}

static enum err read_field(struct loader *l, struct map_def *d, const struct btf_type *t,
			   const struct btf_member *m)
{
	const struct btf *b = &l->o->btf;
	const char *name = btf_name(b, m->name_off);
	if (is_program_list(b, m)) {
		d->values = btf_member_bit_offset(t, m) / 8;
		return OK;
	}
	const struct map_field *f = find_field(name);
	const struct btf_type *pointer = btf_type(b, btf_strip(b, m->type));
	if (!f || btf_kind(pointer) != BTF_PTR)
		return str_refuse(l->log, EOPNOTSUPP,
				  "map %s: the field %s of its definition is not supported", d->name, name);
	u32 target = pointer->size_or_type, *value = (u32 *)((u8 *)d + f->at);
	*value = target;
	if (f->is_type)
		return OK;
	const struct btf_type *array = btf_type(b, btf_strip(b, target));
	if (btf_kind(array) != BTF_ARRAY)
		return str_refuse(l->log, ENOEXEC, "map %s: its field %s was not made by __uint", d->name,
				  name);
	*value = btf_array(array)->count;
	return OK;
}

/* The type is checked first: one that this kernel does not have may have unknown fields, too. */
static enum err check_type(struct loader *l, struct map_def *d, const struct btf_type *t)
{
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		if (strcmp(btf_name(&l->o->btf, m->name_off), "type"))
			continue;
		enum err e = read_field(l, d, t, m);
		return e ? e : map_check_type(d->name, d->type, l->log);
	}
	return OK;
}

/* If a number and a type both state a size, they must agree. */
static enum err settle_size(struct loader *l, const struct map_def *d, const char *what, u32 *size, u32 type)
{
	u32 by_type = type ? btf_size(&l->o->btf, type) : 0;
	if (*size && type && *size != by_type)
		return str_refuse(l->log, EINVAL,
				  "map %s: its %s is of %u bytes by type, but %s_size says %u", d->name, what,
				  by_type, what, *size);
	*size = type ? by_type : *size;
	return OK;
}

/* Initial values imply the size of a value, as in libbpf. */
static enum err settle_values(struct loader *l, struct map_def *d)
{
	if (d->type != BPF_MAP_TYPE_PROG_ARRAY)
		return str_refuse(l->log, EINVAL, "map %s: values that are programs are only for the type %s",
				  d->name, map_prog_array_ops.name);
	d->value_size = d->value_size ? d->value_size : PROG_VALUE_SIZE;
	return OK;
}

static enum err read_definition(struct loader *l, struct map_def *d, u32 var)
{
	const struct btf *b = &l->o->btf;
	d->name = btf_type_name(b, var);
	const struct btf_type *t = btf_type(b, btf_strip(b, btf_type(b, var)->size_or_type));
	if (btf_kind(t) != BTF_STRUCT)
		return str_refuse(l->log, ENOEXEC, "map %s: its definition in .maps is not a struct",
				  d->name);
	enum err e = check_type(l, d, t);
	for (u32 i = 0; i < btf_vlen(t) && !e; i++)
		e = read_field(l, d, t, &btf_members(t)[i]);
	if (e)
		return e;
	if (d->pinning)
		return str_refuse(l->log, EOPNOTSUPP,
				  "map %s: it asks to be pinned, but there is no file system to pin it in",
				  d->name);
	e = settle_size(l, d, "key", &d->key_size, d->key_type);
	if (!e)
		e = settle_size(l, d, "value", &d->value_size, d->value_type);
	if (!e && d->values)
		e = settle_values(l, d);
	return e;
}

static enum err add_map(struct loader *l, const struct map_def *d, struct map_place place)
{
	struct object *o = l->o;
	struct map *m;
	enum err e = map_create(&m, d->name, (enum bpf_map_type)d->type, d->key_size, d->value_size,
				d->max_entries, d->flags, l->log);
	if (e)
		return e;
	m->btf = o->btf.count ? &o->btf : NULL;
	m->key_type = d->key_type;
	m->value_type = d->value_type;
	e = lock_find(m, l->log);
	if (e) {
		map_free(m);
		return e;
	}
	l->places[o->map_count] = place;
	o->maps[o->map_count++] = m;
	return OK;
}

static enum err add_defined(struct loader *l, const struct btf_type *datasec)
{
	for (u32 i = 0; i < btf_vlen(datasec); i++) {
		const struct btf_var_secinfo *v = &btf_vars(datasec)[i];
		struct map_def d = { 0 };
		enum err e = read_definition(l, &d, v->type);
		if (!e)
			e = add_map(l, &d,
				    (struct map_place){ l->maps_section, v->offset, v->size, d.values });
		if (e)
			return e;
	}
	return OK;
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_global_data(const struct elf_section *s)
{
	return (s->flags & ELF_ALLOC) && !(s->flags & ELF_EXEC) && s->size &&
	       (s->type == ELF_PROGBITS || s->type == ELF_NOBITS) &&
	       (starts_with(s->name, ".data") || starts_with(s->name, ".rodata") ||
		starts_with(s->name, ".bss"));
}

/* Refuses a section with relocations: its initial values contain addresses, which nothing here fills in. */
static enum err check_no_addresses(struct loader *l, u32 section)
{
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (s.type != ELF_REL || s.info != section || !elf_rel_count(&s))
			continue;
		struct elf_symbol symbol = elf_symbol(&l->elf, elf_rel(&s, 0).symbol);
		return str_refuse(
		    l->log, EOPNOTSUPP,
		    "%s: a variable is initialised with the address of %s, which is not supported",
		    elf_section(&l->elf, section).name, symbol.name);
	}
	return OK;
}

/* "wakeup.rodata" */
static char *name_global_map(const struct loader *l, const char *section)
{
	struct strbuf s = { .cap = (u32)(strlen(l->o->name) + strlen(section) + 1) };
	s.buf = kmalloc(s.cap);
	if (s.buf)
		str_printf(&s, "%s%s", l->o->name, section);
	return s.buf;
}

static enum err add_global(struct loader *l, u32 i)
{
	struct elf_section s = elf_section(&l->elf, i);
	bool read_only = starts_with(s.name, ".rodata");
	if (s.size > MAP_BYTES_MAX)
		return str_refuse(l->log, E2BIG, "%s: %llu bytes of variables; at most %u are possible",
				  s.name, s.size, MAP_BYTES_MAX);
	char *name = name_global_map(l, s.name);
	struct map_def d = {
		.name = name,
		.type = BPF_MAP_TYPE_ARRAY,
		.max_entries = 1,
		.flags = BPF_F_MMAPABLE | (read_only ? BPF_F_RDONLY_PROG : 0),
		.key_size = 4,
		.value_size = (u32)s.size,
		.value_type = i == elf_find(&l->elf, s.name) ? btf_find(&l->o->btf, s.name, BTF_DATASEC) : 0,
	};
	if (!name)
		return str_refuse(l->log, ENOMEM, "%s: no memory for its name", s.name);
	enum err e = check_no_addresses(l, i);
	if (!e)
		e = add_map(l, &d, (struct map_place){ i, 0, s.size, 0 });
	kfree(name);
	if (!e && s.data)
		memcpy(l->o->maps[l->o->map_count - 1]->values, s.data, s.size);
	return e;
}

/* Counts the maps that the object can have. Fails with a sentence if .maps is malformed. */
static enum err count_maps(struct loader *l, const struct btf_type **datasec, u32 *count)
{
	for (u32 i = 1; i < l->elf.section_count; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		*count += is_global_data(&s);
		if (strcmp(s.name, ".maps") == 0)
			l->maps_section = i;
	}
	if (elf_find(&l->elf, "maps"))
		return str_refuse(
		    l->log, EOPNOTSUPP,
		    "section maps: struct bpf_map_def is libbpf's old form; write the maps as structs of "
		    "__uint and __type in SEC(\".maps\")");
	u32 id = btf_find(&l->o->btf, ".maps", BTF_DATASEC);
	if (!l->maps_section)
		return OK;
	if (!id)
		return str_refuse(l->log, EINVAL,
				  "the maps in .maps are not described by BTF; compile with -g");
	*datasec = btf_type(&l->o->btf, id);
	*count += btf_vlen(*datasec);
	return OK;
}

enum err load_maps(struct loader *l)
{
	const struct btf_type *datasec = NULL;
	u32 count = 0;
	enum err e = count_maps(l, &datasec, &count);
	if (e || !count)
		return e;
	l->o->maps = kzalloc(count * sizeof(l->o->maps[0]));
	l->places = kzalloc(count * sizeof(l->places[0]));
	if (!l->o->maps || !l->places)
		return str_refuse(l->log, ENOMEM, "no memory for a table of %u maps", count);
	if (datasec)
		e = add_defined(l, datasec);
	for (u32 i = 1; i < l->elf.section_count && !e; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (is_global_data(&s))
			e = add_global(l, i);
	}
	return e;
}

/* Returns the map of programs that has a value at that offset, and sets *slot to the value's slot; NULL if
 * none has. */
static struct map *map_of_value(const struct loader *l, u64 offset, u32 *slot)
{
	for (u32 i = 0; i < l->o->map_count; i++) {
		const struct map_place *place = &l->places[i];
		u64 first = place->offset + place->values;
		if (place->section != l->maps_section || offset < place->offset ||
		    offset - place->offset >= place->size)
			continue;
		*slot = (u32)((offset - first) / sizeof(u64));
		bool ok = place->values && offset >= first && (offset - first) % sizeof(u64) == 0;
		return ok && l->o->maps[i]->ops->type == BPF_MAP_TYPE_PROG_ARRAY ? l->o->maps[i] : NULL;
	}
	return NULL;
}

static const struct prog *find_program(const struct loader *l, const struct elf_symbol *s)
{
	for (u32 i = 0; i < l->o->prog_count && s->type == ELF_FUNC; i++)
		if (strcmp(l->o->progs[i]->name, s->name) == 0)
			return l->o->progs[i];
	return NULL;
}

static enum err put_program(struct loader *l, const struct elf_rel *r)
{
	struct elf_symbol s = elf_symbol(&l->elf, r->symbol);
	const struct prog *p = find_program(l, &s);
	u32 slot = 0;
	struct map *m = map_of_value(l, r->offset, &slot);
	if (!m || !p)
		return str_refuse(
		    l->log, EOPNOTSUPP,
		    ".maps: byte %llu is initialised with %s; only programs in maps of type %s can be",
		    r->offset, s.name, map_prog_array_ops.name);
	enum err e = prog_array_set(m, slot, p);
	if (e == E2BIG)
		str_printf(l->log, "map %s: program %s is in slot %u, but there are only %u", m->name,
			   p->name, slot, m->max_entries);
	else if (e)
		str_printf(l->log,
			   "map %s: program %s is of another type than others that use it, or for a "
			   "function with other arguments",
			   m->name, p->name);
	return e;
}

enum err load_map_programs(struct loader *l)
{
	for (u32 i = 1; i < l->elf.section_count && l->maps_section; i++) {
		struct elf_section s = elf_section(&l->elf, i);
		if (s.type != ELF_REL || s.info != l->maps_section)
			continue;
		for (u32 k = 0; k < elf_rel_count(&s); k++) {
			struct elf_rel r = elf_rel(&s, k);
			enum err e = put_program(l, &r);
			if (e)
				return e;
		}
	}
	return OK;
}
