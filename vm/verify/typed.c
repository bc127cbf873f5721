// SPDX-License-Identifier: MIT
// Of the walk: what a program finds in its context and in objects of the kernel.
//
//      fentry, fexit, ...   the arguments of the traced function, eight bytes each, then its result
//      tp_btf               the arguments of the tracepoint
//      raw_tp               the same, as numbers
//      kprobe               struct pt_regs
//
// Linux's rules: only loads; whole multiples of their size; none behind the last argument.
#include "vm/verify/typed.h"
#include "kernel/cpu/trap.h"
#include "kernel/lib/mem.h"
#include "vm/run/kfunc.h"
#include "vm/run/frame.h"

enum { RAW_ARGS = 12 }; /* that a raw tracepoint can have, on Linux */

static struct reg number_of(const struct insn *in)
{
	u32 bits = 8 * insn_size(in);
	bool sign = insn_class(in) == CLASS_LDX && insn_loads_signed(in);
	struct range any = range_any();
	return (struct reg){ .kind = REG_NUMBER,
			     .at = sign ? range_sign_extend(any, bits) : range_zero_extend(any, bits) };
}

/* Behind pointers, typedefs and const: the struct that an address of this type leads to; 0 if to something else. */
static u32 struct_behind(const struct btf *b, u32 type)
{
	const struct btf_type *t = btf_type(b, btf_strip(b, type));
	if (btf_kind(t) != BTF_PTR)
		return 0;
	u32 to = btf_strip(b, t->size_or_type);
	enum btf_kind kind = btf_kind(btf_type(b, to));
	return kind == BTF_STRUCT || kind == BTF_UNION ? to : 0;
}

static struct reg object_of(const struct insn *in, const struct btf *b, u32 type)
{
	u32 to = insn_size(in) == 8 ? struct_behind(b, type) : 0;
	return to ? reg_address(REG_OBJECT, to) : number_of(in);
}

/* The prototype whose parameters are the slots of the context; 0 if none is known. */
static u32 proto_of(const struct prog *p, const struct btf *b)
{
	char name[128] = "";
	struct strbuf s = STRBUF(name);
	str_printf(&s, "%s%s", p->type == PROG_RAW_TP ? "__traceiter_" : "", p->target);
	u32 func = b && *p->target ? btf_find(b, name, BTF_FUNC) : 0;
	return func ? btf_type(b, func)->size_or_type : 0;
}

/* Whether the context holds arguments with types. */
static bool is_typed(const struct prog *p)
{
	return p->type != PROG_RAW_TP || strncmp(p->section, "raw_tp", 6) != 0;
}

static bool is_pointer(const struct btf *b, u32 type)
{
	return btf_kind(btf_type(b, btf_strip(b, type))) == BTF_PTR;
}

static enum err untyped_slot(struct walk *w, u64 slot)
{
	return slot < RAW_ARGS
		   ? OK
		   : walk_refuse(w, "ctx[%llu] does not exist; no function has more than %u arguments", slot,
				 RAW_ARGS);
}

static enum err slot_read(struct walk *w, const struct insn *in, u64 slot, struct reg *result)
{
	const struct prog *p = w->p;
	const struct btf *b = kfunc_types();
	u32 proto = is_typed(p) ? proto_of(p, b) : 0;
	*result = number_of(in);
	if (is_typed(p) && in->off % 8)
		return walk_refuse(w, "an argument begins at a multiple of 8 bytes, and is read from there");
	if (!proto)
		return untyped_slot(w, slot);
	const struct btf_type *t = btf_type(b, proto);
	u32 args = btf_vlen(t);
	bool has_ret = frame_has_ret(p) && btf_strip(b, t->size_or_type);
	if (slot >= args + has_ret)
		return walk_refuse(w, "ctx[%llu] does not exist: %s has %u argument%s%s", slot, p->target,
				   args, args == 1 ? "" : "s", has_ret ? " and a result" : "");
	u32 type = slot < args ? btf_params(t)[slot].type : t->size_or_type;
	if (is_pointer(b, type) && insn_size(in) != 8)
		return walk_refuse(w, "ctx[%llu] is an address of eight bytes, and is read as a whole", slot);
	*result = object_of(in, b, type);
	return OK;
}

enum err context_read(struct walk *w, const struct insn *in, struct reg *result)
{
	const struct reg *base = walk_reg(w, insn_base(in));
	i64 at = base->at.whole.smin + in->off;
	u32 size = insn_size(in);
	*result = number_of(in);
	if (base->at.whole.smin)
		return walk_refuse(w,
				   "r%u is the context with something added; it is read only from its begin",
				   insn_base(in));
	if (at < 0 || at % size)
		return walk_refuse(
		    w, "%u bytes at %lld of the context: it is read in whole words from its begin", size, at);
	if (frame_is_regs(w->p))
		return at + size <= (i64)sizeof(struct pt_regs)
			   ? OK
			   : walk_refuse(
				 w, "%u bytes at %lld of the context, which is a struct pt_regs of %u bytes",
				 size, at, (u32)sizeof(struct pt_regs));
	if (at < 64 * 8)
		w->p->facts.reads |= 1ull << at / 8;
	return slot_read(w, in, (u64)at / 8, result);
}

/* The type of what lies at byte off of a struct, size bytes: *type is its type, or 0 if it is only a part of one. Returns
 * false if no member has these bytes. */
static bool member_at(const struct btf *b, u32 id, u64 off, u32 size, u32 *type)
{
	for (;;) {
		const struct btf_type *t = btf_type(b, id = btf_strip(b, id));
		enum btf_kind kind = btf_kind(t);
		if (kind == BTF_ARRAY) {
			u32 item = btf_size(b, btf_array(t)->type);
			if (!item || off >= (u64)item * btf_array(t)->count)
				return false;
			off %= item;
			id = btf_array(t)->type;
			continue;
		}
		if (kind != BTF_STRUCT && kind != BTF_UNION) {
			*type = off == 0 && size == btf_size(b, id) ? id : 0;
			return off + size <= btf_size(b, id);
		}
		const struct btf_member *m = btf_members(t);
		u32 i = 0;
		for (; i < btf_vlen(t); i++) {
			u32 from = btf_member_bit_offset(t, &m[i]) / 8, bits = btf_member_bit_size(t, &m[i]);
			u32 len = bits ? (btf_member_bit_offset(t, &m[i]) % 8 + bits + 7) / 8
				       : btf_size(b, m[i].type);
			u32 found = 0;
			if (off < from || off >= (u64)from + len)
				continue;
			if (bits) {
				*type = 0;
				return true;
			}
			if (kind == BTF_UNION) {
				if (member_at(b, m[i].type, off - from, size, &found) && found) {
					*type = found;
					return true;
				}
				continue;
			}
			off -= from;
			id = m[i].type;
			break;
		}
		if (i == btf_vlen(t)) {
			*type = 0;
			return kind == BTF_UNION && off + size <= t->size_or_type;
		}
	}
}

enum err object_read(struct walk *w, const struct insn *in, struct reg *result)
{
	const struct btf *b = kfunc_types();
	const struct reg *base = walk_reg(w, insn_base(in));
	i64 at = base->at.whole.smin + in->off;
	u32 size = insn_size(in), type = 0;
	*result = number_of(in);
	if (base->may_be_null)
		return walk_refuse(w, "r%u may be NULL; test it before it is used", insn_base(in));
	if (at < 0 || !member_at(b, base->what, (u64)at, size, &type))
		return walk_refuse(w, "struct %s, of %u bytes, has no field of %u bytes at byte %lld",
				   btf_type_name(b, base->what), btf_size(b, base->what), size, at);
	if (type)
		*result = object_of(in, b, type);
	return OK;
}
