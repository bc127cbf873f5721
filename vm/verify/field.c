// SPDX-License-Identifier: MIT
// Looks for fields. Structs, unions and arrays lie in each other, so the search does as well; btf_open has refused types
// that hold themselves.
#include "vm/verify/field.h"
#include "kernel/lib/mem.h"

static bool is_aggregate(enum btf_kind kind)
{
	return kind == BTF_STRUCT || kind == BTF_UNION;
}

/* Behind arrays of arrays. */
static u32 item_of(const struct btf *b, u32 id)
{
	const struct btf_type *t;
	while (btf_kind(t = btf_type(b, id = btf_strip(b, id))) == BTF_ARRAY)
		id = btf_array(t)->type;
	return id;
}

/* What is no struct or union: an address, a number, or an array of them. */
static bool plain_at(const struct btf *b, u32 id, u64 off, u32 size, struct field *f)
{
	u32 item = item_of(b, id), len = btf_size(b, item);
	bool is_whole = len && off % len == 0 && size == len;
	f->type = is_whole ? item : 0;
	if (btf_kind(btf_type(b, item)) == BTF_PTR)
		return is_whole;
	return off + size <= btf_size(b, id);
}

static bool is_bit_field_in(const struct btf_type *t, const struct btf_member *m, u64 off, u32 size)
{
	u32 from = btf_member_bit_offset(t, m), end = from + btf_member_bit_size(t, m);
	return off <= from / 8 && (end + 7) / 8 <= off + size;
}

/* Whether the last member is an array without a length. */
static bool is_endless(const struct btf *b, const struct btf_type *t, u32 i)
{
	const struct btf_type *m = btf_type(b, btf_strip(b, btf_members(t)[i].type));
	return i + 1 == btf_vlen(t) && btf_kind(m) == BTF_ARRAY && btf_array(m)->count == 0 &&
	       is_aggregate(btf_kind(btf_type(b, item_of(b, btf_array(m)->type))));
}

/* Whether a read of size bytes at off begins in this member. */
static bool begins_in(const struct btf *b, const struct btf_type *t, u32 i, u64 off, u32 size)
{
	const struct btf_member *m = &btf_members(t)[i];
	u64 from = btf_member_bit_offset(t, m) / 8;
	if (btf_member_bit_size(t, m))
		return is_bit_field_in(t, m, off, size);
	return off >= from && (off < from + btf_size(b, m->type) || is_endless(b, t, i));
}

static bool member_at(const struct btf *b, const struct btf_type *t, u32 i, u64 off, u32 size,
		      struct field *f)
{
	const struct btf_member *m = &btf_members(t)[i];
	u32 item = item_of(b, m->type), len = btf_size(b, item);
	*f = (struct field){ .name = btf_name(b, m->name_off) };
	if (btf_member_bit_size(t, m))
		return true;
	off -= btf_member_bit_offset(t, m) / 8;
	if (!is_aggregate(btf_kind(btf_type(b, item))))
		return plain_at(b, m->type, off, size, f);
	return len && field_at(b, item, off % len, size, f);
}

static bool is_address(const struct btf *b, const struct field *f)
{
	return f->type && btf_kind(btf_type(b, f->type)) == BTF_PTR;
}

static void union_at(const struct btf *b, const struct btf_type *t, u64 off, u32 size, struct field *f)
{
	struct field fits;
	for (u32 i = 0; i < btf_vlen(t); i++) {
		if (!begins_in(b, t, i, off, size) || !member_at(b, t, i, off, size, &fits))
			continue;
		if (is_address(b, f))
			f->is_one_of |= is_address(b, &fits) && f->type != fits.type;
		else if (!f->type)
			*f = fits;
	}
}

bool field_at(const struct btf *b, u32 id, u64 off, u32 size, struct field *f)
{
	const struct btf_type *t = btf_type(b, id = btf_strip(b, id));
	u32 count = is_aggregate(btf_kind(t)) ? btf_vlen(t) : 0;
	*f = (struct field){ .name = "" };
	if (!count || (off + size > t->size_or_type && !is_endless(b, t, count - 1)))
		return false;
	if (btf_kind(t) == BTF_UNION) {
		union_at(b, t, off, size, f);
		return true;
	}
	for (u32 i = 0; i < count; i++)
		if (begins_in(b, t, i, off, size))
			return member_at(b, t, i, off, size, f);
	return false;
}

bool field_is(const struct btf *b, u32 id, u64 off, u32 wanted)
{
	const struct btf_type *t = btf_type(b, id = item_of(b, id));
	if (!is_aggregate(btf_kind(t)))
		return false;
	if (off == 0 && strcmp(btf_type_name(b, id), btf_type_name(b, wanted)) == 0)
		return true;
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		u64 from = btf_member_bit_offset(t, m) / 8;
		u32 len = btf_size(b, item_of(b, m->type));
		if (off >= from && len && (off < from + btf_size(b, m->type) || is_endless(b, t, i)) &&
		    field_is(b, m->type, (off - from) % len, wanted))
			return true;
	}
	return false;
}
