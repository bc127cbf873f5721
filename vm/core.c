// SPDX-License-Identifier: MIT
// CO-RE. A record names a type, a way through it ("0:1:2") and a question. The way is first walked in
// the object's own BTF, which gives it names; then each type of the kernel that could be meant is walked
// by those names; the question is answered there, and the answer put into the instruction.
#include "vm/core.h"
#include "kernel/lib/mem.h"
#include "vm/core_types.h"

#define STEPS_MAX 32

/* A step of a way: into a named member, or to the index-th element. */
struct step {
	const char *name; /* NULL: an element */
	u32 type;         /* of the member or element */
	u32 index;
};

/* A way through types of b, and where it ends. */
struct path {
	const struct btf *b;
	u32 root;
	struct step steps[STEPS_MAX];
	u32 count;
	u64 bits;     /* offset */
	u32 bit_size; /* of a bit field, else 0 */
	u32 type;     /* at the end */
};

/* What a record is answered with. */
struct answer {
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

/* "0:1:2" to numbers; 0 if it is anything else or too long. */
static u32 parse_access(const char *text, u32 numbers[STEPS_MAX])
{
	u32 count = 0;
	for (;;) {
		u64 value = 0;
		if (count == STEPS_MAX || *text < '0' || *text > '9')
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

static void enter_member(struct path *p, const struct btf_type *parent, const struct btf_member *m)
{
	p->bits += btf_member_bit_offset(parent, m);
	p->bit_size = btf_member_bit_size(parent, m);
	p->type = m->type;
}

/* The index-th element of an array. Behind the end only in one of length 0, which ends a struct. */
static bool enter_element(struct path *p, u32 index)
{
	const struct btf_type *t = core_stripped(p->b, p->type);
	if (btf_kind(t) != BTF_ARRAY || (btf_array(t)->count && index >= btf_array(t)->count))
		return false;
	p->type = btf_array(t)->type;
	p->bits += (u64)index * btf_size(p->b, p->type) * 8;
	p->bit_size = 0;
	return true;
}

static void add_step(struct path *p, const char *name, u32 index)
{
	p->steps[p->count++] = (struct step){ name, p->type, index };
}

/* Walks the numbers of a record; false if they do not fit the types. */
static bool walk_local(struct path *p, const struct btf *b, u32 root, const u32 *numbers, u32 count)
{
	*p = (struct path){ .b = b, .root = root, .type = root };
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
		if (*btf_name(b,
			      m->name_off)) /* the kernel may have it without the anonymous struct around */
			add_step(p, btf_name(b, m->name_off), numbers[i]);
	}
	return true;
}

/* Enters the member called name, through anonymous ones too, if it is fit to be read as one of type
 * want (of local). Recursion ends where types end to nest; see btf_open. */
static bool enter_named(struct path *p, const char *name, const struct btf *local, u32 want)
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

/* Walks the kernel's type root by the names of the local path. */
static bool walk_by_name(struct path *p, const struct btf *b, u32 root, const struct path *local)
{
	*p = (struct path){ .b = b, .root = root, .type = root };
	p->bits = (u64)local->steps[0].index * btf_size(b, root) * 8;
	add_step(p, NULL, local->steps[0].index);
	for (u32 i = 1; i < local->count; i++) {
		const struct step *s = &local->steps[i];
		if (s->name ? !enter_named(p, s->name, local->b, s->type) : !enter_element(p, s->index))
			return false;
		add_step(p, s->name, s->index);
	}
	return true;
}

/* The bytes that must be loaded to have the field: as its type says, moved and widened until a whole
 * bit field is in them. */
static bool field_bytes(const struct path *p, u64 *offset, u32 *size)
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

static bool answer_field(const struct path *p, u32 kind, struct answer *a)
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

/* The enumerator of that name in the kernel's type. */
static bool answer_enum(const struct btf *b, u32 id, const char *name, u32 kind, u64 *value)
{
	const struct btf_type *t = core_stripped(b, id);
	for (u32 i = 0; i < btf_vlen(t); i++) {
		u32 name_off;
		u64 v = btf_enum_value(t, i, &name_off);
		if (core_same_name(btf_name(b, name_off), name)) {
			/* Old compilers do not say that an enum is signed; libbpf takes all of 32 bits so. */
			if (btf_kind(t) == BTF_ENUM)
				v = (u64)(i64)(i32)v;
			*value = kind == CORE_ENUMVAL_EXISTS ? 1 : v;
			return true;
		}
	}
	return false;
}

/* What a record asks, understood. */
struct question {
	const struct btf *local, *kernel;
	u32 kind, type;
	struct path path; /* of a field */
	const char *enumerator;
	const char *program;
	u32 idx;
	struct strbuf *log;
};

static enum err refuse(const struct question *q, enum err e, const char *why)
{
	str_printf(q->log, "program %s: insn %u: CO-RE relocation (kind %u) against %s: %s", q->program,
		   q->idx, q->kind, btf_type_name(q->local, q->type), why);
	return e;
}

/* Reads the record; the local side of everything. */
static enum err understand(struct question *q, const struct core_record *r)
{
	u32 numbers[STEPS_MAX];
	u32 count = parse_access(btf_name(q->local, r->access_off), numbers);
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
	if (!walk_local(&q->path, q->local, r->type, numbers, count))
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

static bool ask(const struct question *q, u32 id, struct answer *a)
{
	struct path p;
	*a = (struct answer){ 0 };
	if (is_enum_kind(q->kind))
		return answer_enum(q->kernel, id, q->enumerator, q->kind, &a->value);
	if (!is_type_kind(q->kind))
		return walk_by_name(&p, q->kernel, id, &q->path) && answer_field(&p, q->kind, a);
	a->value = answer_type(q->kernel, id, q->kind);
	return q->kind == CORE_TYPE_MATCHES ? core_types_match(q->local, q->type, q->kernel, id)
					    : core_types_agree(q->local, q->type, q->kernel, id);
}

/* Asks every candidate; *found if one had an answer. */
static enum err ask_all(const struct question *q, struct answer *answer, bool *found)
{
	*found = false;
	if (!*btf_type_name(q->local, q->type))
		return refuse(q, EINVAL, "a type without a name cannot be found in the kernel");
	for (u32 id = 1; id <= q->kernel->count; id++) {
		struct answer a;
		if (!is_candidate(q, id) || !ask(q, id, &a))
			continue;
		if (*found && (a.value != answer->value || a.size != answer->size))
			return refuse(q, EINVAL, "the kernel has several such types, which differ");
		if (!*found)
			*answer = a;
		*found = true;
	}
	return OK;
}

/* What stands for an instruction that cannot be made right. */
static void neutralize(struct insn *in)
{
	if (insn_is_wide(in)) {
		in[0].imm = in[1].imm = 0;
		in[0].src = 0;
	} else if (insn_class(in) == CLASS_ST || insn_class(in) == CLASS_STX) {
		*in = (struct insn){ .op = 0x05 }; /* goto +0 */
	} else {
		*in = (struct insn){ .op = 0xb7, .dst = in->dst };
	}
}

/* The opcode of an access with another size: 1, 2, 4 or 8 bytes. */
static bool resize(struct insn *in, u32 size)
{
	static const u8 codes[9] = { [1] = 0x10, [2] = 0x08, [4] = 0x00, [8] = 0x18 };
	if (size > 8 || (size & (size - 1)) || !size)
		return false;
	in->op = (u8)((in->op & ~0x18) | codes[size]);
	return true;
}

static enum err patch_access(const struct question *q, struct insn *in, const struct answer *a)
{
	struct answer local = { 0 };
	if (q->kind != CORE_BYTE_OFFSET || !answer_field(&q->path, q->kind, &local))
		return refuse(q, ENOEXEC, "a load or store can only take an offset");
	if (a->value > 0x7fff)
		return refuse(q, EINVAL, "the field lies too far from the start for the instruction");
	in->off = (i16)a->value;
	if (a->size == local.size)
		return OK;
	if (!a->resizable || !local.resizable || insn_is_atomic(in) || !resize(in, a->size))
		return refuse(q, EINVAL,
			      "the kernel's field has another size, and only pointers and unsigned "
			      "integers can be read with the size changed");
	return OK;
}

static enum err patch(const struct question *q, struct insn *in, bool is_last, const struct answer *a)
{
	u32 class = insn_class(in);
	if (insn_is_wide(in) && !is_last) {
		in[0].imm = (i32)a->value;
		in[1].imm = (i32)(a->value >> 32);
		return OK;
	}
	if (insn_is_access(in))
		return patch_access(q, in, a);
	if ((class != CLASS_ALU32 && class != CLASS_ALU64) || in->op & 0x08)
		return refuse(q, ENOEXEC, "the instruction has no place for the value");
	if ((i64)a->value != (i32)a->value && (class == CLASS_ALU64 || a->value >> 32))
		return refuse(q, EINVAL, "the value does not fit in 32 bits");
	in->imm = (i32)a->value;
	return OK;
}

enum err core_apply(const struct btf *local, const struct btf *kernel, const struct core_record *r,
		    struct prog *p, u32 idx, struct strbuf *log)
{
	struct question q = {
		.local = local,
		.kernel = kernel,
		.kind = r->kind,
		.type = r->type,
		.program = p->name,
		.idx = idx,
		.log = log,
	};
	struct answer a = { 0 };
	bool found = true, is_last = idx + 1 == p->insn_count;
	struct insn *in = &p->insns[idx];
	enum err e = understand(&q, r);
	if (e)
		return e;
	if (insn_is_wide(in) && is_last)
		return refuse(&q, ENOEXEC, "the instruction is cut off");
	if (r->kind == CORE_TYPE_ID_LOCAL)
		a.value = r->type;
	else if (!kernel)
		return refuse(&q, EOPNOTSUPP, "the kernel has no BTF");
	else
		e = ask_all(&q, &a, &found);
	if (e)
		return e;
	bool is_question =
	    is_type_kind(r->kind) || r->kind == CORE_FIELD_EXISTS || r->kind == CORE_ENUMVAL_EXISTS;
	if (!found && !is_question) {
		neutralize(in);
		return OK;
	}
	return patch(&q, in, is_last, &a);
}
