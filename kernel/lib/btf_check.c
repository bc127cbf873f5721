// SPDX-License-Identifier: MIT
// BTF: the one check of a whole blob, in three passes: the lengths of the records; what each of them refers
// to; nesting and sizes.
#include "kernel/lib/btf.h"
#include "kernel/lib/alloc.h"
#include "kernel/lib/mem.h"

#define BTF_MAGIC    0xeb9f
#define BTF_MAX_SIZE 0x1fffffff /* of a type, in bytes: its bits still fit in 32 bits */
#define BTF_MAX_NEST 64         /* types within types by value, typedefs and modifiers counted */

struct btf_header {
	u16 magic;
	u8 version, flags;
	u32 hdr_len;
	u32 type_off, type_len, str_off, str_len; /* offsets count from the header's end */
};

/* What follows struct btf_type: fixed bytes, then vlen items. */
struct kind_row {
	const char *name;
	u8 fixed, item;
	enum { NO_TYPE, REFERS, HOLDS } type; /* what size_or_type is: HOLDS: a value of it is held */
};

/* clang-format off */
static const struct kind_row kind_rows[] = {
	[BTF_INT]        = { "INT",        4,  0,  NO_TYPE },
	[BTF_PTR]        = { "PTR",        0,  0,  REFERS },
	[BTF_ARRAY]      = { "ARRAY",      12, 0,  NO_TYPE },
	[BTF_STRUCT]     = { "STRUCT",     0,  12, NO_TYPE },
	[BTF_UNION]      = { "UNION",      0,  12, NO_TYPE },
	[BTF_ENUM]       = { "ENUM",       0,  8,  NO_TYPE },
	[BTF_FWD]        = { "FWD",        0,  0,  NO_TYPE },
	[BTF_TYPEDEF]    = { "TYPEDEF",    0,  0,  HOLDS },
	[BTF_VOLATILE]   = { "VOLATILE",   0,  0,  HOLDS },
	[BTF_CONST]      = { "CONST",      0,  0,  HOLDS },
	[BTF_RESTRICT]   = { "RESTRICT",   0,  0,  HOLDS },
	[BTF_FUNC]       = { "FUNC",       0,  0,  REFERS }, /* vlen is the linkage */
	[BTF_FUNC_PROTO] = { "FUNC_PROTO", 0,  8,  REFERS },
	[BTF_VAR]        = { "VAR",        4,  0,  HOLDS },
	[BTF_DATASEC]    = { "DATASEC",    0,  12, NO_TYPE },
	[BTF_FLOAT]      = { "FLOAT",      0,  0,  NO_TYPE },
	[BTF_DECL_TAG]   = { "DECL_TAG",   4,  0,  REFERS },
	[BTF_TYPE_TAG]   = { "TYPE_TAG",   0,  0,  HOLDS },
	[BTF_ENUM64]     = { "ENUM64",     0,  12, NO_TYPE },
};
/* clang-format on */

static enum err check_header(struct btf *b, const u8 *blob, u32 len, struct strbuf *log)
{
	struct btf_header h;
	if (len < sizeof(h))
		return str_refuse(log, ENOEXEC, "BTF: %u bytes are too short for its header", len);
	memcpy(&h, blob, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != 1 || h.flags)
		return str_refuse(log, ENOEXEC, "BTF: magic 0x%x version %u flags %u are not BTF version 1",
				  h.magic, h.version, h.flags);
	if (h.hdr_len < sizeof(h) || h.hdr_len > len || h.hdr_len % 4 || (uptr)blob % 4 || h.type_off % 4)
		return str_refuse(log, ENOEXEC,
				  "BTF: header of %u bytes, types at %u: bad length or not aligned to 4",
				  h.hdr_len, h.type_off);
	u32 rest = len - h.hdr_len;
	if (h.type_off > rest || h.type_len > rest - h.type_off || h.str_off > rest ||
	    h.str_len > rest - h.str_off)
		return str_refuse(log, ENOEXEC, "BTF: types or strings lie outside the %u bytes", len);
	b->types = blob + h.hdr_len + h.type_off;
	b->types_len = h.type_len;
	b->strings = (const char *)blob + h.hdr_len + h.str_off;
	b->strings_len = h.str_len;
	if (!h.str_len || b->strings[0] || b->strings[h.str_len - 1])
		return str_refuse(log, ENOEXEC, "BTF: the strings do not begin and end with a 0");
	return OK;
}

/* The length of the record at offset at, or 0 if it is of no known kind or reaches too far. */
static u32 record_len(const struct btf *b, u32 at)
{
	u32 rest = b->types_len - at;
	if (rest < sizeof(struct btf_type))
		return 0;
	const struct btf_type *t = (const struct btf_type *)(b->types + at);
	enum btf_kind kind = btf_kind(t);
	if (kind == BTF_VOID || kind >= array_len(kind_rows))
		return 0;
	u32 len = sizeof(*t) + kind_rows[kind].fixed + kind_rows[kind].item * btf_vlen(t);
	return len <= rest ? len : 0;
}

/* First pass: counts the types. It runs a second time to fill the offsets; then it cannot fail. */
static enum err scan_records(struct btf *b, struct strbuf *log)
{
	u32 count = 0;
	for (u32 at = 0, len; at < b->types_len; at += len) {
		len = record_len(b, at);
		count++;
		if (!len)
			return str_refuse(log, ENOEXEC, "BTF: type %u is of an unknown kind or cut off",
					  count);
		if (b->offsets)
			b->offsets[count] = at;
	}
	b->count = count;
	return OK;
}

static enum err bad_type(const struct btf *b, u32 id, const char *why, struct strbuf *log)
{
	return str_refuse(log, ENOEXEC, "BTF: type %u (%s %s) %s", id,
			  kind_rows[btf_kind(btf_type(b, id))].name, btf_type_name(b, id), why);
}

/* Whether id names something that has values: not a function, variable, section or tag. */
static bool is_value_type(const struct btf *b, u32 id)
{
	enum btf_kind kind = btf_kind(btf_type(b, id));
	return id <= b->count && kind != BTF_FUNC && kind != BTF_VAR && kind != BTF_DATASEC &&
	       kind != BTF_DECL_TAG;
}

static bool is_kind(const struct btf *b, u32 id, enum btf_kind kind)
{
	return btf_kind(btf_type(b, id)) == kind;
}

/* Whether every type that the record of t names is in range and of a kind that may stand there. */
static bool references_ok(const struct btf *b, const struct btf_type *t)
{
	bool ok = true;
	switch (btf_kind(t)) {
	case BTF_FUNC: return is_kind(b, t->size_or_type, BTF_FUNC_PROTO);
	case BTF_DECL_TAG: return t->size_or_type <= b->count;
	case BTF_ARRAY:
		return is_value_type(b, btf_array(t)->type) && is_value_type(b, btf_array(t)->index_type);
	case BTF_STRUCT:
	case BTF_UNION:
		for (u32 i = 0; i < btf_vlen(t); i++)
			ok &= is_value_type(b, btf_members(t)[i].type);
		return ok;
	case BTF_DATASEC:
		/* libbpf's objects list functions there as well when a __ksym section holds them. */
		for (u32 i = 0; i < btf_vlen(t); i++)
			ok &= is_kind(b, btf_vars(t)[i].type, BTF_VAR) ||
			      is_kind(b, btf_vars(t)[i].type, BTF_FUNC);
		return ok;
	case BTF_FUNC_PROTO:
		for (u32 i = 0; i < btf_vlen(t); i++)
			ok &= is_value_type(b, btf_params(t)[i].type);
		return ok && is_value_type(b, t->size_or_type);
	default: return kind_rows[btf_kind(t)].type == NO_TYPE || is_value_type(b, t->size_or_type);
	}
}

/* Every item's first word is a name, except in a DATASEC. */
static bool names_ok(const struct btf *b, const struct btf_type *t)
{
	enum btf_kind kind = btf_kind(t);
	const u8 *item = (const u8 *)(t + 1);
	bool ok = t->name_off < b->strings_len;
	if (!kind_rows[kind].item || kind == BTF_DATASEC)
		return ok;
	for (u32 i = 0; i < btf_vlen(t); i++, item += kind_rows[kind].item)
		ok &= *(const u32 *)item < b->strings_len;
	return ok;
}

/* Second pass. */
static enum err check_references(const struct btf *b, struct strbuf *log)
{
	for (u32 id = 1; id <= b->count; id++) {
		if (!names_ok(b, btf_type(b, id)))
			return str_refuse(log, ENOEXEC, "BTF: type %u has a name outside the strings", id);
		if (!references_ok(b, btf_type(b, id)))
			return bad_type(b, id, "refers to a type that cannot stand there", log);
	}
	return OK;
}

static bool is_scalar_size(u32 size)
{
	return size == 1 || size == 2 || size == 4 || size == 8 || size == 16;
}

/* Whether t is `enum shade;` as clang describes it. Only pointers lead to such a type. */
static bool is_forward_enum(const struct btf_type *t)
{
	return btf_kind(t) != BTF_INT && t->size_or_type == 0 && btf_vlen(t) == 0;
}

static bool member_fits(const struct btf *b, const struct btf_type *t, const struct btf_member *m)
{
	u64 bits = btf_member_bit_size(t, m), all = (u64)btf_size(b, m->type) * 8;
	if (bits > min(all, 64))
		return false;
	if (!bits && btf_member_bit_offset(t, m) % 8)
		return false;
	return btf_member_bit_offset(t, m) + (bits ? bits : all) <= (u64)t->size_or_type * 8;
}

/* Checks the sizes of one type, whose parts have been checked. */
static enum err check_size(const struct btf *b, u32 id, struct strbuf *log)
{
	const struct btf_type *t = btf_type(b, id);
	switch (btf_kind(t)) {
	case BTF_INT:
	case BTF_ENUM:
	case BTF_ENUM64:
		if (is_forward_enum(t))
			return OK;
		if (!is_scalar_size(t->size_or_type) || (t->size_or_type == 16 && btf_kind(t) != BTF_INT))
			return bad_type(b, id, "has a size that no integer has", log);
		return OK;
	case BTF_STRUCT:
	case BTF_UNION:
		if (t->size_or_type > BTF_MAX_SIZE)
			return bad_type(b, id, "is larger than 512 MiB", log);
		for (u32 i = 0; i < btf_vlen(t); i++)
			if (!member_fits(b, t, &btf_members(t)[i]))
				return bad_type(b, id, "has a member that does not fit in it", log);
		return OK;
	case BTF_DATASEC: /* of size 0 as clang writes it: where the variables lie is not known yet */
		for (u32 i = 0; i < btf_vlen(t) && t->size_or_type; i++)
			if ((u64)btf_vars(t)[i].offset +
				max(btf_vars(t)[i].size, btf_size(b, btf_vars(t)[i].type)) >
			    t->size_or_type)
				return bad_type(b, id, "has a variable that does not fit in it", log);
		return OK;
	case BTF_FLOAT:
		return t->size_or_type > 16 ? bad_type(b, id, "has a size that no number has", log) : OK;
	default: return OK;
	}
}

/* Checks what id holds by value, then id. levels[id] becomes the depth of its nesting (0: not known yet). The
 * recursion ends at BTF_MAX_NEST: a cycle is refused as too deep. */
static enum err check_nesting(const struct btf *b, u32 id, u32 depth, u8 *levels, struct strbuf *log)
{
	const struct btf_type *t = btf_type(b, id);
	enum btf_kind kind = btf_kind(t);
	u32 level = 0;
	if (id == 0)
		return OK;
	if (depth + levels[id] > BTF_MAX_NEST)
		return bad_type(b, id, "is nested too deep, or holds itself", log);
	if (levels[id])
		return OK;
	bool holds_many = kind == BTF_STRUCT || kind == BTF_UNION || kind == BTF_DATASEC;
	u32 parts = holds_many ? btf_vlen(t) : kind == BTF_ARRAY || kind_rows[kind].type == HOLDS;
	for (u32 i = 0; i < parts; i++) {
		u32 part = kind == BTF_ARRAY     ? btf_array(t)->type
			   : kind == BTF_DATASEC ? btf_vars(t)[i].type
			   : holds_many          ? btf_members(t)[i].type
						 : t->size_or_type;
		enum err e = check_nesting(b, part, depth + 1, levels, log);
		if (e)
			return e;
		level = max(level, part ? (u32)levels[part] : 0);
	}
	levels[id] = (u8)(level + 1);
	return check_size(b, id, log);
}

/* Third pass. */
static enum err check_values(const struct btf *b, struct strbuf *log)
{
	u8 *levels = kmalloc(b->count + 1);
	enum err e = OK;
	if (!levels)
		return str_refuse(log, ENOMEM, "BTF: no memory to check it");
	memset(levels, 0, b->count + 1);
	for (u32 id = 1; id <= b->count && !e; id++)
		e = check_nesting(b, id, 1, levels, log);
	kfree(levels);
	return e;
}

static enum err index_types(struct btf *b, struct strbuf *log)
{
	enum err e = scan_records(b, log);
	if (e)
		return e;
	b->offsets = kmalloc((b->count + 1) * sizeof(u32));
	if (!b->offsets)
		return str_refuse(log, ENOMEM, "BTF: no memory for an index of %u types", b->count);
	b->offsets[0] = 0;
	return scan_records(b, log);
}

void btf_close(struct btf *b)
{
	kfree(b->offsets);
	*b = (struct btf){ 0 };
}

enum err btf_open(struct btf *b, const void *blob, u32 len, struct strbuf *log)
{
	*b = (struct btf){ 0 };
	enum err e = check_header(b, blob, len, log);
	if (!e)
		e = index_types(b, log);
	if (!e)
		e = check_references(b, log);
	if (!e)
		e = check_values(b, log);
	if (e)
		btf_close(b);
	return e;
}
