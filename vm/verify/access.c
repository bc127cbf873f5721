// SPDX-License-Identifier: MIT
// Of the walk: which memory an instruction may touch, and what it finds there.
#include "kernel/cpu/trap.h"
#include "kernel/lib/mem.h"
#include "vm/run/kfunc.h"
#include "vm/run/map.h"
#include "vm/verify/iter.h"
#include "vm/verify/typed.h"
#include "vm/verify/walk.h"

/* An access by an instruction, or by a helper through an argument. */
struct touch {
	u32 n;    /* the register */
	u64 size; /* bytes */
	enum access how;
	bool is_insn;    /* else a helper does it */
	const char *who; /* "this load", or the argument in words */
	i64 least, most; /* where it begins, from the begin of the memory */
};

static const struct map *map_of(const struct walk *w, const struct reg *r)
{
	return w->p->object->maps[r->what];
}

static enum err refuse_range(struct walk *w, const struct touch *t, const char *memory, i64 from, i64 to)
{
	const char *s = t->size == 1 ? "" : "s";
	if (t->least == t->most)
		return walk_refuse(w,
				   "%s, %llu byte%s at %lld, is outside %s, which is %lld to %lld; correct "
				   "the index, or the size of the variable",
				   t->who, t->size, s, t->least, memory, from, to - 1);
	return walk_refuse(
	    w, "%s, %llu byte%s at %lld to %lld, can be outside %s, which is %lld to %lld; test the index",
	    t->who, t->size, s, t->least, t->most, memory, from, to - 1);
}

/* The slot of a stack in which the byte at lies, counted from the end, and which byte of the slot it is; NULL if the slot is
 * not allocated. */
static struct slot *slot_at(struct frame *f, i64 at, u32 *byte)
{
	u32 from_end = (u32)-at - 1; /* of this byte */
	*byte = 7 - from_end % 8;
	return from_end / 8 < f->depth ? &f->slots[from_end / 8] : NULL;
}

static void write_bytes(struct frame *f, i64 at, u64 size, bool zero, bool surely)
{
	for (u64 i = 0; i < size; i++) {
		u32 byte;
		struct slot *s = slot_at(f, at + (i64)i, &byte);
		if (!s)
			continue;
		if (byte >= s->first && byte < s->first + (u32)s->len)
			s->len = 0;
		if (surely)
			s->written |= (u8)(1 << byte);
		s->is_zero = (u8)(zero ? s->is_zero | 1 << byte : s->is_zero & ~(1 << byte));
	}
}

/* Whether all bytes that the access may read have been written. */
static enum err check_written(struct walk *w, struct frame *f, const struct touch *t)
{
	for (i64 at = t->least; at < t->most + (i64)t->size; at++) {
		u32 byte;
		struct slot *s = slot_at(f, at, &byte);
		if (!s || !(s->written >> byte & 1))
			return walk_refuse(w,
					   "%s reads the stack at r10%+lld, which has not been written: byte "
					   "%lld of %llu; set all of the variable first, and what lies "
					   "between its fields",
					   t->who, at, at - t->least, t->size);
	}
	return OK;
}

static enum err touch_stack(struct walk *w, struct touch *t)
{
	struct reg *r = walk_reg(w, t->n);
	struct frame *f = w->now.frames[r->what];
	/* Linux's rule: an access of no bytes begins in the stack, too. */
	if (t->least < -PROG_STACK || t->least >= 0 || t->most + (i64)t->size > 0)
		return refuse_range(w, t, "the stack", -PROG_STACK, 0);
	if (iter_within(f, t->least, t->most + (i64)t->size))
		return walk_refuse(
		    w, "%s touches an open iterator; only the functions bpf_iter_num_... do that", t->who);
	if (t->how == ACCESS_READ || t->how == ACCESS_CHANGE) {
		enum err e = check_written(w, f, t);
		if (e)
			return e;
	}
	if (t->how != ACCESS_READ)
		write_bytes(f, t->least, (u64)(t->most - t->least) + t->size, false,
			    t->least == t->most && t->how != ACCESS_MAY_WRITE);
	return OK;
}

/* instead: of writing there; NULL: it may be written. */
static enum err touch_memory(struct walk *w, const struct touch *t, const char *what, u64 size,
			     const char *instead)
{
	if (t->how != ACCESS_READ && instead)
		return walk_refuse(w, "%s is in %s, which is read only; %s", t->who, what, instead);
	if (t->least < 0 || t->most + (i64)t->size > (i64)size)
		return refuse_range(w, t, what, 0, (i64)size);
	return OK;
}

static enum err touch_value(struct walk *w, const struct touch *t)
{
	const struct map *m = map_of(w, walk_reg(w, t->n));
	char what[96] = "";
	struct strbuf s = STRBUF(what);
	str_printf(&s, "the value of map %s", m->name);
	if (t->least < (i64)m->lock_at + m->lock_size && t->most + (i64)t->size > (i64)m->lock_at &&
	    m->lock_size)
		return walk_refuse(
		    w, "%s touches the lock in %s; only bpf_spin_lock and bpf_spin_unlock do that", t->who,
		    what);
	return touch_memory(w, t, what, m->value_size, m->read_only ? "declare it without const" : NULL);
}

/* Refuses what the register holds. An instruction names the register, a helper the argument. */
static enum err refuse_kind(struct walk *w, const struct touch *t, const char *why)
{
	const struct reg *r = walk_reg(w, t->n);
	char what[160] = "";
	if (t->is_insn)
		return walk_refuse_reg(w, t->n, r, why);
	reg_print(&STRBUF(what), w, r);
	w->about = r;
	return walk_refuse(w, "%s is %s; %s", t->who, what,
			   t->how == ACCESS_READ ? "copy it to a variable, and pass the address of that"
						 : "pass the address of a variable, or of a map's value");
}

enum err access_check(struct walk *w, u32 n, i64 off, u64 size, enum access how, const char *who)
{
	struct reg *r = walk_reg(w, n);
	static const char *const insns[] = { [ACCESS_READ] = "this load",
					     [ACCESS_WRITE] = "this store",
					     [ACCESS_CHANGE] = "this atomic operation" };
	struct touch t = { .n = n, .size = size, .how = how, .is_insn = !who, .who = who ?: insns[how] };
	if (reg_is_address(r)) {
		t.least = r->at.whole.smin + off;
		t.most = r->at.whole.smax + off;
	}
	if (r->kind == REG_NONE)
		return walk_check_read(w, n);
	if (r->may_be_null)
		return walk_refuse_reg(w, n, r, "test it against NULL before it is used");
	switch (r->kind) {
	case REG_STACK: return touch_stack(w, &t);
	case REG_VALUE: return touch_value(w, &t);
	case REG_RECORD: return touch_memory(w, &t, "the record", r->size, NULL);
	case REG_MEMORY:
		return touch_memory(w, &t, "the memory", r->size,
				    r->is_read_only ? "copy it to a variable" : NULL);
	case REG_NUMBER:
		if (reg_is_gone(w, r))
			return refuse_kind(w, &t, "use it before");
		return refuse_kind(w, &t,
				   how == ACCESS_READ && !range_is_const(&r->at)
				       ? "only an address can be accessed; if it is a pointer in C, read "
					 "what lies there with bpf_probe_read_kernel or BPF_CORE_READ"
				       : "only an address can be accessed");
	case REG_CONTEXT:
	case REG_OBJECT:
		if (how != ACCESS_READ)
			return refuse_kind(w, &t,
					   "it cannot be written; keep the value in a map or variable");
		/* fall through */
	default:
		return refuse_kind(w, &t,
				   how == ACCESS_READ ? "it cannot be read here" : "it cannot be written");
	}
}

/* What a load makes of a number: its low bytes, extended. */
static struct range as_loaded(const struct insn *in, struct range r)
{
	u32 bits = 8 * insn_size(in);
	bool sign = insn_class(in) == CLASS_LDX && insn_loads_signed(in);
	return sign ? range_sign_extend(r, bits) : range_zero_extend(r, bits);
}

struct reg access_any(const struct insn *in)
{
	return (struct reg){ .kind = REG_NUMBER, .at = as_loaded(in, range_any()) };
}

/* What the stack has at a place that is written. */
static struct reg load_stack(const struct walk *w, const struct reg *base, const struct insn *in)
{
	struct frame *f = w->now.frames[base->what];
	u32 size = insn_size(in), byte;
	struct reg any = access_any(in);
	if (!range_is_const(&base->at))
		return any;
	struct slot *s = slot_at(f, base->at.whole.smin + in->off, &byte);
	if (!s)
		return any;
	u32 mask = ((1u << size) - 1) << byte;
	bool within = byte + size <= 8;
	if (within && s->len && s->first == byte && s->len >= size) {
		if (s->len == size && size == 8)
			return s->reg;
		if (s->reg.kind == REG_NUMBER)
			return reg_cut(&s->reg, as_loaded(in, s->reg.at));
	}
	return within && (s->is_zero & mask) == mask ? reg_number(0) : any;
}

struct reg access_key(struct walk *w, u32 n)
{
	const struct insn word = { .op = insn_rows[INSN_LDX32].op };
	const struct reg *r = walk_reg(w, n);
	return r->kind == REG_STACK ? load_stack(w, r, &word) : reg_any();
}

/* The same; refuses a part of an address. */
static enum err load_from_stack(struct walk *w, const struct reg *base, const struct insn *in,
				struct reg *result)
{
	u32 byte;
	i64 at = base->at.whole.smin + in->off;
	const struct slot *s =
	    range_is_const(&base->at) ? slot_at(w->now.frames[base->what], at, &byte) : NULL;
	if (s && s->len && reg_is_address(&s->reg) && insn_size(in) < 8)
		return walk_refuse(
		    w, "r10%+lld holds an address of eight bytes; a part of it cannot be loaded", at);
	*result = load_stack(w, base, in);
	return OK;
}

/* Keeps what is stored, if it is one place. */
static void store_stack(struct walk *w, const struct reg *base, const struct insn *in, struct reg *value)
{
	struct frame *f = w->now.frames[base->what];
	u32 size = insn_size(in), byte;
	if (!range_is_const(&base->at))
		return;
	i64 at = base->at.whole.smin + in->off;
	struct slot *s = slot_at(f, at, &byte);
	if (!s)
		return;
	if (reg_is_zero(value))
		write_bytes(f, at, size, true, true);
	if (byte + size > 8 || (reg_is_address(value) && size < 8) || s->len > size)
		return;
	if (value->kind == REG_NUMBER && !value->id && !range_is_const(&value->at))
		value->id = ++w->last_id;
	s->reg = size < 8 ? reg_cut(value, range_zero_extend(value->at, 8 * size)) : *value;
	s->first = (u8)byte;
	s->len = (u8)size;
}

/* A value that no program and nothing else changes is the constant that it is now. */
static struct reg load_value(const struct walk *w, const struct reg *base, const struct insn *in)
{
	const struct map *m = map_of(w, base);
	u64 n = 0;
	if (!m->read_only || !m->values || !range_is_const(&base->at) || m->max_entries != 1)
		return access_any(in);
	memcpy(&n, m->values + base->at.whole.smin + in->off, insn_size(in));
	return (struct reg){ .kind = REG_NUMBER, .at = as_loaded(in, range_const(n)) };
}

static enum err check_alignment(struct walk *w, const struct insn *in, const struct reg *base)
{
	u32 size = insn_size(in);
	struct range at = range_alu(ALU_ADD, true, false, base->at, range_const((u64)(i64)in->off));
	bool needs = base->kind == REG_STACK || insn_is_atomic(in);
	if (!needs || ((at.bits.value | at.bits.mask) & (size - 1)) == 0)
		return OK;
	return walk_refuse(w, "%u bytes at an address that is not a multiple of %u; align the variable", size,
			   size);
}

static const char only_own[] = "atomic operations work only on the stack and on maps";

static enum err load(struct walk *w, const struct insn *in)
{
	struct reg *base = walk_reg(w, insn_base(in));
	struct reg result = access_any(in);
	enum err e;
	if (insn_is_load_acquire(in) && (base->kind == REG_CONTEXT || base->kind == REG_OBJECT))
		return walk_refuse(w, "%s", only_own);
	if (base->kind == REG_CONTEXT)
		e = context_read(w, in, &result);
	else if (base->kind == REG_OBJECT)
		e = object_read(w, in, &result);
	else
		e = access_check(w, insn_base(in), in->off, insn_size(in), ACCESS_READ, NULL);
	if (!e && base->kind == REG_STACK)
		e = load_from_stack(w, base, in, &result);
	if (!e && base->kind == REG_VALUE)
		result = load_value(w, base, in);
	if (!e)
		*walk_reg(w, in->dst) = result;
	return e;
}

static enum err store(struct walk *w, const struct insn *in)
{
	struct reg *base = walk_reg(w, in->dst), immediate = reg_number((u64)(i64)in->imm);
	struct reg *value = insn_class(in) == CLASS_STX ? walk_reg(w, in->src) : &immediate;
	enum err e = insn_class(in) == CLASS_STX ? walk_check_read(w, in->src) : OK;
	if (!e && base->kind == REG_STACK && reg_is_address(value) && insn_size(in) < 8)
		return walk_refuse(w, "r%u is an address, of which only a part is stored", in->src);
	if (!e && base->kind == REG_STACK && value->kind == REG_STACK && base->what + 1 != w->now.frame_count)
		return walk_refuse(
		    w,
		    "an address of the stack is stored in the stack of a calling function, which may outlive "
		    "it; store the value itself");
	if (!e)
		e = access_check(w, in->dst, in->off, insn_size(in), ACCESS_WRITE, NULL);
	if (!e && base->kind == REG_STACK)
		store_stack(w, base, in, value);
	else
		context_escapes(w, value);
	return e;
}

static enum err atomic(struct walk *w, const struct insn *in)
{
	struct reg *src = walk_reg(w, in->src), *base = walk_reg(w, in->dst), *r0 = walk_reg(w, BPF_R0);
	struct reg old = access_any(in);
	bool compares = in->imm == ATOMIC_CMPXCHG;
	if (base->kind == REG_CONTEXT || base->kind == REG_OBJECT)
		return walk_refuse(w, "%s", only_own);
	if (in->imm == STORE_REL)
		return store(w, in);
	if (base->kind == REG_STACK && !range_is_const(&base->at))
		return walk_refuse(w, "%s; on the stack, only at a place that is known", only_own);
	enum err e = walk_check_read(w, in->src)
			 ?: (compares ? walk_check_read(w, BPF_R0) : OK)
			 ?: (base->kind == REG_STACK ? load_from_stack(w, base, in, &old) : OK)
			 ?: access_check(w, in->dst, in->off, insn_size(in), ACCESS_CHANGE, NULL);
	context_escapes(w, src);
	if (compares)
		context_escapes(w, r0);
	if (compares || in->imm & ATOMIC_FETCH)
		*(compares ? r0 : src) = old;
	return e;
}

/* An instruction that reads the context or an object of the kernel reads nothing else on another path: the machine does
 * it in another way. */
static enum err check_kind(struct walk *w, enum reg_kind kind)
{
	static const char *const names[] = { [MEMORY_CONTEXT] = "the context",
					     [MEMORY_OBJECT] = "an object of the kernel",
					     [MEMORY_OWN] = "memory of the program" };
	u8 *known = &w->p->proven[w->idx].memory, now = kind == REG_CONTEXT  ? MEMORY_CONTEXT
							: kind == REG_OBJECT ? MEMORY_OBJECT
									     : MEMORY_OWN;
	if (*known != MEMORY_UNSEEN && *known != now)
		return walk_refuse(
		    w, "this access goes to %s here, and to %s on another path; write it once in each branch",
		    names[now], names[*known]);
	*known = now;
	return OK;
}

enum err walk_access(struct walk *w)
{
	const struct insn *in = walk_insn(w);
	const struct reg *base = walk_reg(w, insn_base(in));
	enum err e = walk_check_read(w, insn_base(in)) ?: check_alignment(w, in, base) ?: check_kind(w, base->kind);
	if (e)
		return e;
	if (insn_class(in) == CLASS_LDX || insn_is_load_acquire(in))
		return load(w, in);
	return insn_is_atomic(in) ? atomic(w, in) : store(w, in);
}
