// SPDX-License-Identifier: MIT
// CO-RE's comparisons of types, from the loosest to the strictest.
#include "vm/load/core_types.h"
#include "kernel/lib/mem.h"

#define AGREE_DEPTH 16
#define MATCH_DEPTH 32

bool core_is_composite(enum btf_kind kind)
{
	return kind == BTF_STRUCT || kind == BTF_UNION;
}

bool core_is_enum(enum btf_kind kind)
{
	return kind == BTF_ENUM || kind == BTF_ENUM64;
}

const struct btf_type *core_stripped(const struct btf *b, u32 id)
{
	return btf_type(b, btf_strip(b, id));
}

/* Returns the length of a name without its flavour, which begins at the last "___" between other letters. */
static u32 plain_len(const char *name)
{
	u32 len = (u32)strlen(name);
	for (u32 i = len; i >= 5; i--) {
		const char *end = name + i - 5;
		if (end[0] != '_' && memcmp(end + 1, "___", 3) == 0 && end[4] != '_')
			return i - 4;
	}
	return len;
}

bool core_same_name(const char *a, const char *b)
{
	u32 len = plain_len(a);
	return len == plain_len(b) && memcmp(a, b, len) == 0;
}

bool core_fields_agree(const struct btf *a, u32 x, const struct btf *b, u32 y)
{
	for (;;) {
		const struct btf_type *t = core_stripped(a, x), *u = core_stripped(b, y);
		const char *t_name = btf_name(a, t->name_off), *u_name = btf_name(b, u->name_off);
		enum btf_kind kind = btf_kind(t);
		if (core_is_composite(kind) && core_is_composite(btf_kind(u)))
			return true;
		if (core_is_enum(kind) && core_is_enum(btf_kind(u)))
			return !*t_name || !*u_name || core_same_name(t_name, u_name);
		if (kind != btf_kind(u))
			return false;
		if (kind == BTF_FWD)
			return !*t_name || !*u_name || core_same_name(t_name, u_name);
		if (kind != BTF_ARRAY)
			return kind == BTF_PTR || kind == BTF_INT || kind == BTF_FLOAT;
		x = btf_array(t)->type;
		y = btf_array(u)->type;
	}
}

static bool types_agree(const struct btf *a, u32 x, const struct btf *b, u32 y, u32 depth)
{
	const struct btf_type *t = core_stripped(a, x), *u = core_stripped(b, y);
	enum btf_kind kind = btf_kind(t);
	if (kind != btf_kind(u) && !(core_is_enum(kind) && core_is_enum(btf_kind(u))))
		return false;
	if (depth == AGREE_DEPTH)
		return true;
	if (kind == BTF_PTR)
		return types_agree(a, t->size_or_type, b, u->size_or_type, depth + 1);
	if (kind == BTF_ARRAY)
		return types_agree(a, btf_array(t)->type, b, btf_array(u)->type, depth + 1);
	if (kind != BTF_FUNC_PROTO)
		return true;
	if (btf_vlen(t) != btf_vlen(u) || !types_agree(a, t->size_or_type, b, u->size_or_type, depth + 1))
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!types_agree(a, btf_params(t)[i].type, b, btf_params(u)[i].type, depth + 1))
			return false;
	return true;
}

bool core_types_agree(const struct btf *a, u32 x, const struct btf *b, u32 y)
{
	return types_agree(a, x, b, y, 0);
}

static bool has_enumerator(const struct btf *b, const struct btf_type *u, const char *name)
{
	for (u32 i = 0; i < btf_vlen(u); i++) {
		u32 name_off;
		btf_enum_value(u, i, &name_off);
		if (core_same_name(name, btf_name(b, name_off)))
			return true;
	}
	return false;
}

static bool enums_match(const struct btf *a, const struct btf_type *t, const struct btf *b,
			const struct btf_type *u)
{
	if (!core_is_enum(btf_kind(u)) || t->size_or_type != u->size_or_type || btf_vlen(t) > btf_vlen(u))
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 name_off;
		btf_enum_value(t, i, &name_off);
		if (!has_enumerator(b, u, btf_name(a, name_off)))
			return false;
	}
	return true;
}

/* A walk through both types at once. */
struct match {
	const struct btf *a, *b;
	bool by_pointer; /* a pointer leads to the types that are compared */
	u32 depth;
};

static bool match(struct match m, u32 x, u32 y);

static bool has_member(struct match m, const struct btf_member *member, const struct btf_type *u)
{
	for (u32 i = 0; i < btf_vlen(u); i++) {
		const struct btf_member *other = &btf_members(u)[i];
		if (core_same_name(btf_name(m.a, member->name_off), btf_name(m.b, other->name_off)) &&
		    match(m, member->type, other->type))
			return true;
	}
	return false;
}

/* The flag of a forward declaration says whether it is of a union. */
static bool is_union(const struct btf_type *t)
{
	return btf_kind(t) == BTF_UNION || (btf_kind(t) == BTF_FWD && btf_kind_flag(t));
}

static bool composites_match(struct match m, const struct btf_type *t, const struct btf_type *u)
{
	bool declared = btf_kind(t) == BTF_FWD || btf_kind(u) == BTF_FWD;
	if (!core_is_composite(btf_kind(u)) && btf_kind(u) != BTF_FWD)
		return false;
	if (is_union(t) != is_union(u))
		return false;
	if (declared || m.by_pointer)
		return m.by_pointer || btf_kind(t) == btf_kind(u);
	if (btf_vlen(t) > btf_vlen(u))
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!has_member(m, &btf_members(t)[i], u))
			return false;
	return true;
}

static bool prototypes_match(struct match m, const struct btf_type *t, const struct btf_type *u)
{
	if (btf_vlen(t) != btf_vlen(u))
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++)
		if (!match(m, btf_params(t)[i].type, btf_params(u)[i].type))
			return false;
	return match(m, t->size_or_type, u->size_or_type);
}

static bool match(struct match m, u32 x, u32 y)
{
	const struct btf_type *t = core_stripped(m.a, x), *u = core_stripped(m.b, y);
	enum btf_kind kind = btf_kind(t);
	if (m.depth++ == MATCH_DEPTH ||
	    !core_same_name(btf_name(m.a, t->name_off), btf_name(m.b, u->name_off)))
		return false;
	if (core_is_enum(kind))
		return enums_match(m.a, t, m.b, u);
	if (core_is_composite(kind) || kind == BTF_FWD)
		return composites_match(m, t, u);
	if (kind != btf_kind(u))
		return false;
	switch (kind) {
	case BTF_VOID: return true;
	case BTF_INT:
		return t->size_or_type == u->size_or_type && btf_is_signed(m.a, x) == btf_is_signed(m.b, y);
	case BTF_PTR: m.by_pointer = true; return match(m, t->size_or_type, u->size_or_type);
	case BTF_ARRAY:
		return btf_array(t)->count == btf_array(u)->count &&
		       match(m, btf_array(t)->type, btf_array(u)->type);
	case BTF_FUNC_PROTO: return prototypes_match(m, t, u);
	default: return false;
	}
}

bool core_types_match(const struct btf *a, u32 x, const struct btf *b, u32 y)
{
	return match((struct match){ .a = a, .b = b }, x, y);
}
