// SPDX-License-Identifier: MIT
// BTF: the questions about a blob. btf_open (btf_check.c) has checked all of it, so no function here tests a
// bound again.
#include "kernel/lib/btf.h"
#include "kernel/lib/mem.h"

#define BTF_HUGE 0xffffffffu

static const struct btf_type void_type;

enum btf_kind btf_kind(const struct btf_type *t)
{
	return t->info >> 24 & 0x1f;
}

u32 btf_vlen(const struct btf_type *t)
{
	return t->info & 0xffff;
}

bool btf_kind_flag(const struct btf_type *t)
{
	return t->info >> 31;
}

const struct btf_type *btf_type(const struct btf *b, u32 id)
{
	if (id == 0 || id > b->count)
		return &void_type;
	return (const struct btf_type *)(b->types + b->offsets[id]);
}

notrace const char *btf_name(const struct btf *b, u32 name_off)
{
	return name_off < b->strings_len ? b->strings + name_off : "";
}

const char *btf_type_name(const struct btf *b, u32 id)
{
	return btf_name(b, btf_type(b, id)->name_off);
}

const struct btf_member *btf_members(const struct btf_type *t)
{
	return (const struct btf_member *)(t + 1);
}

const struct btf_param *btf_params(const struct btf_type *t)
{
	return (const struct btf_param *)(t + 1);
}

const struct btf_array *btf_array(const struct btf_type *t)
{
	return (const struct btf_array *)(t + 1);
}

const struct btf_var_secinfo *btf_vars(const struct btf_type *t)
{
	return (const struct btf_var_secinfo *)(t + 1);
}

u32 btf_int_encoding(const struct btf_type *t)
{
	return *(const u32 *)(t + 1) >> 24 & 0xf;
}

bool btf_var_is_static(const struct btf_type *t)
{
	return *(const u32 *)(t + 1) == 0; /* the linkage */
}

u64 btf_enum_value(const struct btf_type *t, u32 i, u32 *name_off)
{
	if (btf_kind(t) == BTF_ENUM64) {
		const struct btf_enum64 *e = (const struct btf_enum64 *)(t + 1) + i;
		*name_off = e->name_off;
		return (u64)e->high << 32 | e->low;
	}
	const struct btf_enum *e = (const struct btf_enum *)(t + 1) + i;
	*name_off = e->name_off;
	return btf_kind_flag(t) ? (u64)(i64)e->value : (u32)e->value;
}

u32 btf_member_bit_offset(const struct btf_type *parent, const struct btf_member *m)
{
	return btf_kind_flag(parent) ? m->offset & 0xffffff : m->offset;
}

u32 btf_member_bit_size(const struct btf_type *parent, const struct btf_member *m)
{
	return btf_kind_flag(parent) ? m->offset >> 24 : 0;
}

static bool is_modifier(enum btf_kind kind)
{
	return kind == BTF_TYPEDEF || kind == BTF_CONST || kind == BTF_VOLATILE || kind == BTF_RESTRICT ||
	       kind == BTF_TYPE_TAG;
}

u32 btf_strip(const struct btf *b, u32 id)
{
	while (is_modifier(btf_kind(btf_type(b, id))))
		id = btf_type(b, id)->size_or_type;
	return id;
}

static u32 times(u64 a, u64 b)
{
	return a * b > BTF_HUGE ? BTF_HUGE : (u32)(a * b);
}

u32 btf_size(const struct btf *b, u32 id)
{
	u32 count = 1;
	for (;;) {
		const struct btf_type *t = btf_type(b, btf_strip(b, id));
		switch (btf_kind(t)) {
		case BTF_ARRAY:
			count = times(count, btf_array(t)->count);
			id = btf_array(t)->type;
			continue;
		case BTF_VAR: id = t->size_or_type; continue;
		case BTF_PTR: return times(count, sizeof(u64)); /* BPF's pointers have 64 bits on every CPU */
		case BTF_INT:
		case BTF_STRUCT:
		case BTF_UNION:
		case BTF_ENUM:
		case BTF_ENUM64:
		case BTF_FLOAT:
		case BTF_DATASEC: return times(count, t->size_or_type);
		default: return 0;
		}
	}
}

bool btf_is_signed(const struct btf *b, u32 id)
{
	const struct btf_type *t = btf_type(b, btf_strip(b, id));
	if (btf_kind(t) == BTF_INT)
		return btf_int_encoding(t) & BTF_INT_SIGNED;
	return (btf_kind(t) == BTF_ENUM || btf_kind(t) == BTF_ENUM64) && btf_kind_flag(t);
}

u32 btf_find(const struct btf *b, const char *name, enum btf_kind kind)
{
	for (u32 id = 1; id <= b->count; id++)
		if (btf_kind(btf_type(b, id)) == kind && strcmp(btf_type_name(b, id), name) == 0)
			return id;
	return 0;
}
