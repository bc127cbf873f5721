// SPDX-License-Identifier: MIT
// System V ABI for AMD64, section 3.2.3 "Parameter Passing", without floating point: the classes INTEGER and
// MEMORY. Six registers, then the stack. An argument of two words takes two registers or none. If too few are
// left, the whole argument goes to the stack, and a later one may still take the register that is left.
#include "tramp/abi.h"

enum {
	ARG_REGS = 6,
	WORD = 8,
	WIDEST_IN_REGISTERS = 16,
	/* More than any ordinary type has in 16 bytes. Unions within unions can have any number. */
	MEMBERS = 1000,
};

/* What lies in the 16 bytes of a type. */
struct contents {
	const struct btf *b;
	bool covered[WIDEST_IN_REGISTERS / WORD]; /* for each word: a member lies in it */
	bool other, misaligned;
	u32 visited;
};

static void cover(struct contents *c, u32 first_bit, u32 bits)
{
	for (u32 w = first_bit / 64; w <= (first_bit + bits - 1) / 64; w++)
		c->covered[w] = true;
}

static void visit(struct contents *c, u32 id, u32 at);

/* A bit field may lie across two words; it is an integer and never misaligned. */
static void visit_members(struct contents *c, const struct btf_type *t, u32 at)
{
	for (u32 i = 0; i < btf_vlen(t) && c->visited <= MEMBERS; i++) {
		const struct btf_member *m = &btf_members(t)[i];
		u32 bit = at * 8 + btf_member_bit_offset(t, m), bits = btf_member_bit_size(t, m);
		if (bits)
			cover(c, bit, bits);
		else
			visit(c, m->type, bit / 8);
	}
}

static void visit_elements(struct contents *c, const struct btf_array *a, u32 at)
{
	for (u32 i = 0; i < a->count && c->visited <= MEMBERS; i++)
		visit(c, a->type, at + i * btf_size(c->b, a->type));
}

/* Visits a value of type id that lies `at` bytes into the whole. A type without a size covers no word. */
static void visit(struct contents *c, u32 id, u32 at)
{
	const struct btf_type *t = btf_type(c->b, btf_strip(c->b, id));
	u32 size = btf_size(c->b, id);

	if (++c->visited > MEMBERS || size == 0)
		return;
	switch (btf_kind(t)) {
	case BTF_STRUCT:
	case BTF_UNION: visit_members(c, t, at); break;
	case BTF_ARRAY: visit_elements(c, btf_array(t), at); break;
	case BTF_FLOAT: c->other = true; /* fall through */
	default: c->misaligned |= at % size != 0; cover(c, at * 8, size * 8);
	}
}

enum abi_class abi_classify(const struct btf *b, u32 id)
{
	struct contents c = { .b = b };
	u32 size = btf_size(b, id);

	/* A parameter that C declares as an array is a pointer. So an array here is a vector. */
	if (btf_kind(btf_type(b, btf_strip(b, id))) == BTF_ARRAY)
		return ABI_OTHER;
	if (size > WIDEST_IN_REGISTERS)
		return ABI_LARGE;
	visit(&c, id, 0);
	if (c.misaligned)
		return ABI_MISALIGNED;
	if (c.other || c.visited > MEMBERS)
		return ABI_OTHER;
	return c.covered[0] && (size <= WORD || c.covered[1]) ? ABI_INTEGER : ABI_PADDED;
}

enum err abi_place(struct model *m, const struct abi_arg *args, const char *func, struct strbuf *log)
{
	u32 next_reg = m->ret_hidden ? 1 : 0;
	struct slot *slot = m->slots;

	for (u32 i = 0; i < m->arg_count; i++) {
		bool fits = next_reg + args[i].words <= ARG_REGS;
		if (!fits && args[i].is_aggregate)
			return str_refuse(log, EOPNOTSUPP,
					  "%s: argument %u is a struct by value on the stack: too few "
					  "registers are left for it",
					  func, i + 1);
		if (!fits) /* on the stack __int128 is aligned to 16: its alignment in words is its size */
			m->stack_words = align_up(m->stack_words, args[i].words);
		for (u32 w = 0; w < args[i].words; w++, slot++) {
			slot->on_stack = !fits;
			slot->place = (u8)(fits ? next_reg++ : m->stack_words++);
		}
	}
	return OK;
}
