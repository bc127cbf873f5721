// SPDX-License-Identifier: MIT
// CO-RE. A record names a type, a path through it ("0:1:2") and a question:
//
//      1. A walk through the object's own BTF turns the numbers of the path into names.
//      2. A walk through each candidate, a type of the kernel, follows these names.
//      3. What is found there answers the question. The answer becomes a part of the instruction.
#include "vm/load/core.h"
#include "kernel/mem/heap.h"
#include "kernel/lib/mem.h"
#include "vm/load/core_path.h"
#include "vm/load/core_types.h"

/* The answer to a record. */
struct answer {
	bool named; /* the kernel has a type of that name */
	bool found; /* it has what is asked for; if not, the rest is 0 */
	u32 type;   /* the kernel's */
	u64 value;
	u32 size;       /* of the field, for BYTE_OFFSET */
	bool resizable; /* a pointer or unsigned, so that an access may change its size */
};

static bool is_type_kind(u32 kind)
{
	return kind == CORE_TYPE_ID_LOCAL || kind == CORE_TYPE_ID_TARGET || kind == CORE_TYPE_EXISTS ||
	       kind == CORE_TYPE_SIZE || kind == CORE_TYPE_MATCHES;
}

static bool is_enum_kind(u32 kind)
{
	return kind == CORE_ENUMVAL_EXISTS || kind == CORE_ENUMVAL_VALUE;
}

/* Finds the bytes to load for the field. Those of a bit field are moved and widened until they hold all of
 * it. */
static bool field_bytes(const struct core_path *p, u64 *offset, u32 *size)
{
	*size = btf_size(p->b, p->type);
	*offset = p->bits / 8;
	if (!p->bit_size)
		return true;
	for (; *size && *size <= 8; *size *= 2) {
		*offset = p->bits / 8 / *size * *size;
		if (p->bits + p->bit_size <= (*offset + *size) * 8)
			return true;
	}
	return false;
}

static bool answer_field(const struct core_path *p, u32 kind, struct answer *a)
{
	const struct btf_type *t = core_stripped(p->b, p->type);
	u64 offset;
	if (!field_bytes(p, &offset, &a->size))
		return false;
	u64 bits = p->bit_size ? p->bit_size : a->size * 8ull;
	a->resizable = btf_kind(t) == BTF_PTR || (btf_kind(t) == BTF_INT && !btf_is_signed(p->b, p->type));
	switch (kind) {
	case CORE_BYTE_OFFSET: a->value = offset; return true;
	case CORE_BYTE_SIZE: a->value = a->size; return true;
	case CORE_FIELD_EXISTS: a->value = 1; return true;
	case CORE_SIGNED: a->value = btf_is_signed(p->b, p->type); return true;
	case CORE_LSHIFT_U64: a->value = 64 - (p->bits + bits - offset * 8); return bits <= 64;
	default: a->value = 64 - bits; return bits <= 64;
	}
}

static u64 answer_type(const struct btf *b, u32 id, u32 kind)
{
	if (kind == CORE_TYPE_ID_LOCAL || kind == CORE_TYPE_ID_TARGET)
		return id;
	return kind == CORE_TYPE_SIZE ? btf_size(b, id) : 1;
}

/* Looks for the enumerator of that name in the kernel's type. */
static bool answer_enum(const struct btf *b, u32 id, const char *name, u32 kind, u64 *value)
{
	const struct btf_type *t = core_stripped(b, id);
	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 name_off;
		u64 v = btf_enum_value(t, i, &name_off);
		if (core_same_name(btf_name(b, name_off), name)) {
			/* Old compilers do not say that an enum is signed; libbpf takes all of 32 bits as
			 * signed. */
			if (btf_kind(t) == BTF_ENUM)
				v = (u64)(i64)(i32)v;
			*value = kind == CORE_ENUMVAL_EXISTS ? 1 : v;
			return true;
		}
	}
	return false;
}

/* The question of a record. */
struct question {
	const struct btf *local, *kernel;
	u32 kind, type;
	struct core_path path; /* of a field */
	const char *enumerator;
	const struct prog *p;
	u32 idx;
	struct strbuf *log;
};

static enum err refuse(const struct question *q, enum err e, const char *why)
{
	return str_refuse(q->log, e, "program %s: insn %u: CO-RE relocation (kind %u) against %s: %s",
			  q->p->name, q->idx, q->kind, btf_type_name(q->local, q->type), why);
}

/* "struct task_struct.se.load", "struct page[2].flags", "enum mood.MOOD_CALM" */
static void print_needed(const struct question *q)
{
	btf_print_type(q->log, q->local, q->type);
	core_path_print(q->log, &q->path);
	if (q->enumerator)
		str_printf(q->log, ".%s", q->enumerator);
}

static bool is_alu(const struct insn *in)
{
	return insn_class(in) == CLASS_ALU32 || insn_class(in) == CLASS_ALU64;
}

/* The registers that an instruction reads, one bit each; of a call, those that it may read. */
static u32 reads(const struct insn *in)
{
	u32 uses = insn_uses(insn_kind(in));
	bool only_writes =
	    insn_class(in) == CLASS_LDX || insn_is_wide(in) || (is_alu(in) && insn_operation(in) == ALU_MOV);
	if (insn_is_call(in))
		return 0x3e;
	return (uses & USES_SRC ? 1u << in->src : 0) | (uses & USES_DST && !only_writes ? 1u << in->dst : 0);
}

u32 core_used_at(const struct prog *p, u32 idx)
{
	const struct insn *in = &p->insns[idx], *end = p->insns + p->insn_count;
	u32 regs = insn_is_access(in) ? 0 : insn_writes(in);
	for (in += insn_is_wide(in) ? 2 : 1; regs && in < end && !insn_is_exit(in);
	     in += insn_is_wide(in) ? 2 : 1) {
		bool is_used = reads(in) & regs;
		if (is_used && !is_alu(in))
			return (u32)(in - p->insns);
		regs = is_used ? regs | insn_writes(in) : regs & ~insn_writes(in);
	}
	return idx;
}

/* The instruction must not run. */
static enum err lack(const struct question *q, const char *why)
{
	str_puts(q->log, "this needs ");
	print_needed(q);
	return str_refuse(q->log, ENOENT, ", but %s", why);
}

static enum err lack_answer(const struct question *q, const struct answer *a)
{
	if (!a->named)
		return lack(q, "the kernel has no such type; a program's own types are read without CO-RE");
	if (q->enumerator)
		return lack(q,
			    "the kernel's type has no such enumerator; ask bpf_core_enum_value_exists first");
	return lack(q, "the kernel's type has no such field; ask bpf_core_field_exists first");
}

/* Reads the record: step 1. */
static enum err understand(struct question *q, const struct core_record *r)
{
	u32 numbers[CORE_STEPS_MAX];
	u32 count = core_access(btf_name(q->local, r->access_off), numbers);
	if (r->kind > CORE_TYPE_MATCHES || !r->type || r->type > q->local->count || !count)
		return refuse(q, ENOEXEC, "the record is malformed");
	if (is_type_kind(r->kind))
		return OK;
	const struct btf_type *t = core_stripped(q->local, r->type);
	if (is_enum_kind(r->kind)) {
		u32 name_off;
		if (!core_is_enum(btf_kind(t)) || numbers[0] >= btf_vlen(t))
			return refuse(q, ENOEXEC, "there is no such enumerator");
		btf_enum_value(t, numbers[0], &name_off);
		q->enumerator = btf_name(q->local, name_off);
		return OK;
	}
	if (!core_path_walk(&q->path, q->local, r->type, numbers, count))
		return refuse(q, ENOEXEC, "the way to the field does not fit the type");
	return OK;
}

static bool is_candidate(const struct question *q, u32 id)
{
	const struct btf_type *t = btf_type(q->local, q->type), *u = btf_type(q->kernel, id);
	bool same_kind =
	    btf_kind(t) == btf_kind(u) || (core_is_enum(btf_kind(t)) && core_is_enum(btf_kind(u)));
	return same_kind && core_same_name(btf_name(q->local, t->name_off), btf_name(q->kernel, u->name_off));
}

/* The types of the kernel that a type of the object can mean. */
struct core_candidates {
	struct core_candidates *next;
	u32 type, count;
	u32 ids[];
};

static bool ask(const struct question *q, u32 id, struct answer *a)
{
	struct core_path p;
	*a = (struct answer){ .named = true, .found = true, .type = id };
	if (is_enum_kind(q->kind))
		return answer_enum(q->kernel, id, q->enumerator, q->kind, &a->value);
	if (!is_type_kind(q->kind))
		return core_path_by_name(&p, q->kernel, id, &q->path) && answer_field(&p, q->kind, a);
	a->value = answer_type(q->kernel, id, q->kind);
	return q->kind == CORE_TYPE_MATCHES ? core_types_match(q->local, q->type, q->kernel, id)
					    : core_types_agree(q->local, q->type, q->kernel, id);
}

static u32 list_candidates(const struct question *q, u32 *ids)
{
	u32 count = 0;
	for (u32 id = 1; id <= q->kernel->count; id++) {
		if (!is_candidate(q, id))
			continue;
		if (ids)
			ids[count] = id;
		count++;
	}
	return count;
}

/* Returns the candidates for the question's type; NULL if memory runs out. */
static struct core_candidates *candidates(const struct question *q, struct core *c)
{
	struct core_candidates *all = c->candidates;
	while (all && all->type != q->type)
		all = all->next;
	if (all)
		return all;
	u32 count = list_candidates(q, NULL);
	all = kmalloc(sizeof(*all) + count * sizeof(all->ids[0]));
	if (!all)
		return NULL;
	*all = (struct core_candidates){ .next = c->candidates, .type = q->type, .count = count };
	list_candidates(q, all->ids);
	c->candidates = all;
	return all;
}

/* Asks all candidates. If one has an answer, drops those that have none. */
static enum err ask_all(const struct question *q, struct core *c, struct answer *answer)
{
	if (!*btf_type_name(q->local, q->type))
		return refuse(q, EINVAL, "a type without a name cannot be found in the kernel");
	struct core_candidates *all = candidates(q, c);
	u32 kept = 0;
	if (!all)
		return refuse(q, ENOMEM, "no memory for a list of the kernel's types");
	answer->named = all->count;
	for (u32 i = 0; i < all->count; i++) {
		struct answer a;
		if (!ask(q, all->ids[i], &a))
			continue;
		if (kept && (a.value != answer->value || a.size != answer->size))
			return refuse(q, EINVAL, "the kernel has several such types, which differ");
		*answer = kept ? *answer : a;
		all->ids[kept++] = all->ids[i];
	}
	all->count = kept ? kept : all->count;
	return OK;
}

/* Replaces an instruction that must not run by one that does nothing. */
static void neutralize(struct insn *in)
{
	if (insn_is_wide(in)) {
		in[0].imm = in[1].imm = 0;
		in[0].src = 0;
	} else if (insn_class(in) == CLASS_ST || insn_class(in) == CLASS_STX) {
		*in = (struct insn){ .op = OPCODE_JA }; /* goto +0 */
	} else {
		*in = (struct insn){ .op = OPCODE_MOV64_K, .dst = in->dst };
	}
}

static bool resize(struct insn *in, u32 size)
{
	if (size > 8 || (size & (size - 1)) || !size)
		return false;
	insn_set_size(in, size);
	return true;
}

static enum err patch_access(const struct question *q, struct insn *in, const struct answer *a)
{
	struct answer local = { 0 };
	if (q->kind != CORE_BYTE_OFFSET || !answer_field(&q->path, q->kind, &local))
		return refuse(q, ENOEXEC, "a load or store can only take an offset");
	if (q->p->taken_as)
		q->p->taken_as[q->idx] = (struct taken_as){ a->type, (u32)a->value };
	if (a->value > 0x7fff)
		return refuse(q, EINVAL, "the field lies too far from the start for the instruction");
	in->off = (i16)a->value;
	if (a->size == local.size)
		return OK;
	if (!a->resizable || !local.resizable || insn_is_atomic(in) || !resize(in, a->size))
		return lack(q, "the kernel's field has another size, and only pointers and unsigned integers "
			       "can be read with the size changed");
	return OK;
}

static enum err patch(const struct question *q, struct insn *in, bool is_last, const struct answer *a)
{
	if (insn_is_wide(in) && !is_last) {
		in[0].imm = (i32)a->value;
		in[1].imm = (i32)(a->value >> 32);
		return OK;
	}
	if (insn_is_access(in))
		return patch_access(q, in, a);
	if (!is_alu(in) || insn_takes_reg(in))
		return refuse(q, ENOEXEC, "the instruction has no place for the value");
	if ((i64)a->value != (i32)a->value && (insn_class(in) == CLASS_ALU64 || a->value >> 32))
		return refuse(q, EINVAL, "the value does not fit in 32 bits");
	in->imm = (i32)a->value;
	return OK;
}

static enum err answer_question(const struct question *q, struct core *c, struct answer *a)
{
	if (q->kind == CORE_TYPE_ID_LOCAL) {
		*a = (struct answer){ .found = true, .value = q->type };
		return OK;
	}
	return q->kernel ? ask_all(q, c, a) : refuse(q, EOPNOTSUPP, "the kernel has no BTF");
}

enum err core_apply(struct core *c, const struct core_record *r, struct prog *p, u32 idx, struct strbuf *log)
{
	struct question q = {
		.local = c->local,
		.kernel = c->kernel,
		.kind = r->kind,
		.type = r->type,
		.p = p,
		.idx = idx,
		.log = log,
	};
	struct answer a = { 0 };
	bool is_last = idx + 1 == p->insn_count;
	bool may_lack =
	    is_type_kind(r->kind) || r->kind == CORE_FIELD_EXISTS || r->kind == CORE_ENUMVAL_EXISTS;
	struct insn *in = &p->insns[idx];
	enum err e = understand(&q, r);
	if (e)
		return e;
	if (insn_is_wide(in) && is_last)
		return refuse(&q, ENOEXEC, "the instruction is cut off");
	e = answer_question(&q, c, &a);
	if (!e)
		e = a.found || may_lack ? patch(&q, in, is_last, &a) : lack_answer(&q, &a);
	if (e == ENOENT)
		neutralize(in);
	return e;
}

void core_close(struct core *c)
{
	while (c->candidates) {
		struct core_candidates *next = c->candidates->next;
		kfree(c->candidates);
		c->candidates = next;
	}
}
