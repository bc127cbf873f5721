// SPDX-License-Identifier: MIT
// vm/verify/field.c: all structs of this build's kernel, each place in them, against a list of all plain fields.
#include "kernel/io/print.h"
#include "tests/host/object.h"
#include "tests/test.h"
#include "vm/object.h"
#include "vm/verify/field.h"

enum { LEAVES = 4096 };

/* A number, an address, or an array of one; or a bit field. */
static struct leaf {
	u32 from, end; /* bits */
	bool is_address, is_bits;
} leaves[LEAVES];
static u32 leaf_count;
static bool has_union, is_endless;

static void collect(const struct btf *b, u32 id, u32 at)
{
	const struct btf_type *t = btf_type(b, id = btf_strip(b, id));
	enum btf_kind kind = btf_kind(t);
	if (kind == BTF_ARRAY) {
		enum btf_kind item = btf_kind(btf_type(b, btf_strip(b, btf_array(t)->type)));
		bool is_plain =
		    item != BTF_STRUCT && item != BTF_UNION && item != BTF_PTR && item != BTF_ARRAY;
		is_endless |= btf_array(t)->count == 0;
		if (is_plain)
			leaves[leaf_count++] = (struct leaf){ at, at + 8 * btf_size(b, id), false, false };
		for (u32 i = 0; !is_plain && i < btf_array(t)->count && leaf_count < LEAVES; i++)
			collect(b, btf_array(t)->type, at + 8 * i * btf_size(b, btf_array(t)->type));
		return;
	}
	if (kind != BTF_STRUCT && kind != BTF_UNION) {
		leaves[leaf_count++] = (struct leaf){ at, at + 8 * btf_size(b, id), kind == BTF_PTR, false };
		return;
	}
	has_union |= kind == BTF_UNION;
	for (u32 i = 0; i < btf_vlen(t) && leaf_count < LEAVES; i++) {
		const struct btf_member *m = &btf_members(t)[i];
		u32 from = at + btf_member_bit_offset(t, m), bits = btf_member_bit_size(t, m);
		if (bits)
			leaves[leaf_count++] = (struct leaf){ from, from + bits, false, true };
		else
			collect(b, m->type, from);
	}
}

/* The first in which the read begins decides. */
static bool any_fits(u32 off, u32 size, bool *address)
{
	u32 from = 8 * off, end = from + 8 * size;
	*address = false;
	for (const struct leaf *l = leaves; l < leaves + leaf_count; l++) {
		if (l->is_bits && from <= l->from / 8 * 8 && l->end <= end)
			return true;
		if (l->is_bits || from < l->from || from >= l->end)
			continue;
		*address = l->is_address && from == l->from && end == l->end;
		return *address || (!l->is_address && end <= l->end);
	}
	return false;
}

static bool is_right(const struct btf *b, u32 id, u32 off, u32 size)
{
	struct field f;
	bool found = field_at(b, id, off, size, &f);
	bool address = found && f.type && btf_kind(btf_type(b, f.type)) == BTF_PTR;
	if (off + size > btf_size(b, id))
		return !found || is_endless;
	bool wanted_address, wanted = any_fits(off, size, &wanted_address);
	return has_union ? found || !wanted : found == wanted && address == wanted_address;
}

TEST(field_of_every_struct_is_found_at_every_place)
{
	u32 structs = 0;
	if (!has_kernel_btf())
		return;
	const struct btf *b = vm_kernel_btf();
	for (u32 id = 1; id <= b->count; id++) {
		leaf_count = 0;
		has_union = is_endless = false;
		if (btf_kind(btf_type(b, id)) != BTF_STRUCT)
			continue;
		collect(b, id, 0);
		if (leaf_count == LEAVES)
			continue;
		structs++;
		for (u32 off = 0; off < min(btf_size(b, id) + 16, 1024u); off++)
			for (u32 size = 1; size <= 8; size *= 2)
				if (!check(is_right(b, id, off, size)))
					kprintf("struct %s: %u bytes at %u\n", btf_type_name(b, id), size,
						off);
	}
	check(structs > 100);
	vm_init(NULL);
}
