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
#include "vm/verify/field.h"

enum { RAW_ARGS = 12 }; /* that a raw tracepoint can have, on Linux */

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
	return to ? reg_address(REG_OBJECT, to) : access_any(in);
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

/* Counts the slots of the parameters: a struct of 16 bytes has two. *param is the one that begins in that slot, counted
 * from 1; 0 if none does. */
static u32 param_slots(const struct btf *b, const struct btf_type *proto, u64 slot, u32 *param)
{
	u32 at = 0;
	*param = 0;
	for (u32 i = 0; i < btf_vlen(proto); i++) {
		if (at == slot)
			*param = i + 1;
		at += max((btf_size(b, btf_params(proto)[i].type) + 7) / 8, 1u);
	}
	return at;
}

u32 context_argument(const struct prog *p, u64 slot)
{
	const struct btf *b = kfunc_types();
	u32 proto = frame_is_typed(p) ? proto_of(p, b) : 0, param = 0;
	if (proto)
		param_slots(b, btf_type(b, proto), slot, &param);
	return param;
}

static enum err slot_read(struct walk *w, const struct insn *in, u64 slot, struct reg *result)
{
	const struct prog *p = w->p;
	const struct btf *b = kfunc_types();
	u32 proto = frame_is_typed(p) ? proto_of(p, b) : 0;
	*result = access_any(in);
	if (frame_is_typed(p) && in->off % 8)
		return walk_refuse(w, "an argument begins at a multiple of 8 bytes, and is read from there");
	if (!proto)
		return untyped_slot(w, slot);
	const struct btf_type *t = btf_type(b, proto);
	u32 param, slots = param_slots(b, t, slot, &param), args = btf_vlen(t);
	u32 type = slot == slots ? t->size_or_type : param ? btf_params(t)[param - 1].type : 0;
	bool has_ret = frame_has_ret(p) && btf_strip(b, t->size_or_type);
	if (slot >= slots + has_ret)
		return walk_refuse(
		    w, "ctx[%llu] does not exist: %s has %u argument%s%s; BPF_PROG names no more", slot,
		    p->target, args, args == 1 ? "" : "s", has_ret ? " and a result" : "");
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
	*result = access_any(in);
	if (base->at.whole.smin)
		return walk_refuse(
		    w, "r%u is the context with something added; read it at ctx, with a constant index",
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

static struct taken_as taken_as(const struct walk *w)
{
	return w->p->taken_as ? w->p->taken_as[w->idx] : (struct taken_as){ 0 };
}

/* A program may take the object for what it holds there, for what begins with it, and for what has a field of the same
 * name there. */
static enum err check_taken_as(struct walk *w, const struct insn *in, const struct reg *base, i64 at)
{
	const struct btf *b = kfunc_types();
	struct taken_as as = taken_as(w);
	struct field real, taken;
	u32 size = insn_size(in);
	if (!as.type || at < as.off || field_is(b, base->what, (u64)at - as.off, as.type) ||
	    field_is(b, as.type, 0, base->what))
		return OK;
	if (field_at(b, base->what, (u64)at, size, &real) && field_at(b, as.type, as.off, size, &taken) &&
	    strcmp(real.name, taken.name) == 0)
		return OK;
	char why[160] = "";
	str_printf(&STRBUF(why), "it is taken for a struct %s; declare it as struct %s *",
		   btf_type_name(b, as.type), btf_type_name(b, base->what));
	return walk_refuse_reg(w, insn_base(in), base, why);
}

enum err object_read(struct walk *w, const struct insn *in, struct reg *result)
{
	const struct btf *b = kfunc_types();
	const struct reg *base = walk_reg(w, insn_base(in));
	i64 at = base->at.whole.smin + in->off;
	u32 size = insn_size(in);
	struct field f = { 0 };
	u32 what = base->is_one_of && taken_as(w).type ? taken_as(w).type : base->what;
	*result = access_any(in);
	if (base->may_be_null)
		return walk_refuse_reg(w, insn_base(in), base, "test it against NULL before it is used");
	enum err e = base->is_one_of ? OK : check_taken_as(w, in, base, at);
	if (!e && (at < 0 || !field_at(b, what, (u64)at, size, &f)))
		return walk_refuse(w,
				   "struct %s, of %u bytes, has no field of %u bytes at byte %lld; "
				   "BPF_CORE_READ can copy what lies there",
				   btf_type_name(b, what), btf_size(b, what), size, at);
	if (f.type)
		*result = object_of(in, b, f.type);
	result->is_one_of = f.is_one_of;
	return e;
}
