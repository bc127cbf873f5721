// SPDX-License-Identifier: MIT
// CO-RE's paths: by numbers through the object's types, then by names through the kernel's.
#include "vm/load/core_path.h"
#include "kernel/lib/mem.h"
#include "vm/load/core_types.h"

u32 core_access(const char *text, u32 numbers[CORE_STEPS_MAX])
{
	u32 count = 0;
	for (;;) {
		u64 value = 0;
		if (count == CORE_STEPS_MAX || *text < '0' || *text > '9')
			return 0;
		for (; *text >= '0' && *text <= '9' && value < 1u << 30; text++)
			value = value * 10 + (u32)(*text - '0');
		numbers[count++] = (u32)value;
		if (!*text)
			return count;
		if (*text++ != ':')
			return 0;
	}
}

static void enter_member(struct core_path *p, const struct btf_type *parent, const struct btf_member *m)
{
	p->bits += btf_member_bit_offset(parent, m);
	p->bit_size = btf_member_bit_size(parent, m);
	p->type = m->type;
	p->is_last = m == &btf_members(parent)[btf_vlen(parent) - 1];
}

/* Enters the index-th element of an array. It may lie behind the end if the array has length 0 and ends a
 * struct. */
static bool enter_element(struct core_path *p, u32 index)
{
	const struct btf_type *t = core_stripped(p->b, p->type);
	if (btf_kind(t) != BTF_ARRAY)
		return false;
	bool is_open = !btf_array(t)->count && p->is_last;
	if (!is_open && index >= btf_array(t)->count)
		return false;
	p->is_last = false;
	p->type = btf_array(t)->type;
	p->bits += (u64)index * btf_size(p->b, p->type) * 8;
	p->bit_size = 0;
	return true;
}

static void add_step(struct core_path *p, const char *name, u32 index)
{
	p->steps[p->count++] = (struct core_step){ name, p->type, index };
}

bool core_path_walk(struct core_path *p, const struct btf *b, u32 root, const u32 *numbers, u32 count)
{
	*p = (struct core_path){ .b = b, .root = root, .type = root };
	p->bits = (u64)numbers[0] * btf_size(b, root) * 8;
	add_step(p, NULL, numbers[0]);
	for (u32 i = 1; i < count; i++) {
		const struct btf_type *t = core_stripped(b, p->type);
		if (!core_is_composite(btf_kind(t))) {
			if (!enter_element(p, numbers[i]))
				return false;
			add_step(p, NULL, numbers[i]);
			continue;
		}
		if (numbers[i] >= btf_vlen(t))
			return false;
		const struct btf_member *m = &btf_members(t)[numbers[i]];
		enter_member(p, t, m);
		/* The kernel may have the member without the anonymous struct around it. */
		if (*btf_name(b, m->name_off))
			add_step(p, btf_name(b, m->name_off), numbers[i]);
	}
	return true;
}

/* Enters the member called name, if its type is compatible with want, a type of local. Looks into
 * anonymous members, too. The recursion ends where the nesting of types ends; see btf_open. */
static bool enter_named(struct core_path *p, const char *name, const struct btf *local, u32 want)
{
	const struct btf_type *t = core_stripped(p->b, p->type);
	if (!core_is_composite(btf_kind(t)))
		return false;
	for (u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *member = btf_name(p->b, m->name_off);
		u64 bits = p->bits;
		u32 type = p->type;
		enter_member(p, t, m);
		if (!*member && enter_named(p, name, local, want))
			return true;
		if (*member && strcmp(member, name) == 0)
			return core_fields_agree(local, want, p->b, m->type);
		p->bits = bits;
		p->type = type;
	}
	return false;
}

bool core_path_by_name(struct core_path *p, const struct btf *b, u32 root, const struct core_path *local)
{
	*p = (struct core_path){ .b = b, .root = root, .type = root };
	p->bits = (u64)local->steps[0].index * btf_size(b, root) * 8;
	add_step(p, NULL, local->steps[0].index);
	for (u32 i = 1; i < local->count; i++) {
		const struct core_step *s = &local->steps[i];
		if (s->name ? !enter_named(p, s->name, local->b, s->type) : !enter_element(p, s->index))
			return false;
		add_step(p, s->name, s->index);
	}
	return true;
}

void core_path_print(struct strbuf *s, const struct core_path *p)
{
	for (u32 i = 0; i < p->count; i++) {
		const struct core_step *step = &p->steps[i];
		if (step->name)
			str_printf(s, ".%s", step->name);
		else if (i || step->index)
			str_printf(s, "[%u]", step->index);
	}
}
