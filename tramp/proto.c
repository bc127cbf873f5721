// SPDX-License-Identifier: MIT
// Compares what a program reads with a function's prototype in BTF.
#include "tramp/proto.h"
#include "kernel/lib/mem.h"
#include "tramp/model.h"

enum { WORD = 8 };

/* A function's types as a context has them: slots of arguments, then the words of the return value. */
struct proto {
	const struct site *site;
	const struct btf_type *type;
	struct model model;
	u32 slots;
};

static enum err read_proto(struct proto *p, const struct reader *r, const struct site *site,
			   struct strbuf *log)
{
	const struct btf *b = site->btf;
	struct model *m = &p->model;
	enum err e = model_from_btf(m, b, site->btf_id, log);

	p->site = site;
	p->type = btf_type(b, btf_type(b, site->btf_id)->size_or_type);
	p->slots = m->slot_count;
	if (r->behind_body && m->ret_size)
		p->slots += m->ret_size > WORD && !m->ret_hidden ? 2 : 1;
	return e;
}

static bool is_argument(const struct proto *p, u32 slot)
{
	return slot < p->model.slot_count;
}

static u32 type_of_slot(const struct proto *p, u32 slot)
{
	return is_argument(p, slot) ? btf_params(p->type)[p->model.slots[slot].arg].type
				    : p->type->size_or_type;
}

static bool is_number(enum btf_kind kind)
{
	return kind == BTF_INT || kind == BTF_ENUM || kind == BTF_ENUM64;
}

static const char *pointee(const struct btf *b, u32 ptr)
{
	return btf_type_name(b, btf_strip(b, btf_type(b, ptr)->size_or_type));
}

/* Whether type `is` of one function can be read as type `as` of another. */
static bool is_readable_as(const struct btf *b_is, u32 is, const struct btf *b_as, u32 as)
{
	is = btf_strip(b_is, is);
	as = btf_strip(b_as, as);
	enum btf_kind kind = btf_kind(btf_type(b_is, is)), wanted = btf_kind(btf_type(b_as, as));
	if (is_number(kind) && is_number(wanted))
		return btf_size(b_is, is) == btf_size(b_as, as) &&
		       btf_is_signed(b_is, is) == btf_is_signed(b_as, as);
	if (kind != wanted)
		return false;
	if (kind == BTF_PTR) /* a program does not read through void * */
		return !*pointee(b_as, as) || strcmp(pointee(b_is, is), pointee(b_as, as)) == 0;
	return strcmp(btf_type_name(b_is, is), btf_type_name(b_as, as)) == 0;
}

static void print_slot(struct strbuf *log, const struct proto *p, u32 slot)
{
	if (is_argument(p, slot))
		str_printf(log, "argument %u", p->model.slots[slot].arg + 1);
	else
		str_puts(log, "the return value");
}

static enum err contradiction(const struct reader *r, const struct proto *is, const struct proto *as,
			      u32 slot, struct strbuf *log)
{
	str_printf(log, "%s reads ", r->name);
	print_slot(log, as, slot);
	str_puts(log, " as ");
	btf_print_type(log, as->site->btf, type_of_slot(as, slot));
	str_printf(log, ", which it is in %s; in %s it is ", as->site->title, is->site->title);
	if (slot < is->slots && is_argument(is, slot) == is_argument(as, slot))
		btf_print_type(log, is->site->btf, type_of_slot(is, slot));
	else
		str_puts(log, "not there");
	return EINVAL;
}

/* Whether every slot that r may read is the same in both. */
static enum err compare_protos(const struct reader *r, const struct proto *is, const struct proto *as,
			       struct strbuf *log)
{
	for (u32 i = 0; i < as->slots; i++) {
		if (!(r->reads >> i & 1))
			continue;
		if (i >= is->slots || is_argument(is, i) != is_argument(as, i) ||
		    !is_readable_as(is->site->btf, type_of_slot(is, i), as->site->btf, type_of_slot(as, i)))
			return contradiction(r, is, as, i, log);
	}
	return OK;
}

enum err proto_check(const struct reader *r, const struct site *site, struct strbuf *log)
{
	struct proto is, as;
	enum err e = read_proto(&is, r, site, log);

	if (!e && r->wants && r->wants != site)
		e = read_proto(&as, r, r->wants, log);
	if (!e && r->wants && r->wants != site)
		e = compare_protos(r, &is, &as, log);
	if (e)
		return e;
	if (r->reads == ~0ull || !(r->reads >> is.slots))
		return OK;
	str_printf(log, "%s reads slot %d of its context, but %s ", r->name, 63 - __builtin_clzll(r->reads),
		   site->title);
	if (site->title != site->name)
		str_printf(log, "has %u argument%s", is.slots, is.slots == 1 ? "" : "s");
	else
		str_printf(log, "fills only %u%s", is.slots, r->behind_body ? "" : " at its entry");
	return EINVAL;
}
