// SPDX-License-Identifier: MIT
// Of the walk: functions that the object exports, by their prototypes in its BTF. The rules are Linux's.
#include "vm/verify/global.h"
#include "kernel/lib/mem.h"

enum { ARGS = 5 };

static const struct btf *types_of(const struct walk *w)
{
	return &w->p->object->btf;
}

/* What __arg_ctx and its like say of parameter i: "ctx"; "" if nothing. */
static const char *tag_of(const struct btf *b, u32 func, u32 i)
{
	for (u32 id = 1; id <= b->count; id++) {
		const struct btf_type *t = btf_type(b, id);
		const char *name = btf_type_name(b, id);
		if (btf_kind(t) == BTF_DECL_TAG && t->size_or_type == func && *(const u32 *)(t + 1) == i &&
		    strncmp(name, "arg:", 4) == 0)
			return name + 4;
	}
	return "";
}

static bool is_scalar(const struct btf *b, u32 type)
{
	enum btf_kind kind = btf_kind(btf_type(b, btf_strip(b, type)));
	return (kind == BTF_INT || kind == BTF_ENUM || kind == BTF_ENUM64) && btf_size(b, type) <= 8;
}

/* Whether a struct of that name is what programs of this type get. */
static bool names_context(const struct prog *p, const char *name)
{
	bool is_probe = p->type == PROG_KPROBE || p->type == PROG_KRETPROBE;
	return (is_probe && strcmp(name, "pt_regs") == 0) ||
	       (p->type == PROG_RAW_TP && strcmp(name, "bpf_raw_tracepoint_args") == 0);
}

/* Sets *r to what parameter i may be; false if its type says too little. */
static bool param_of(const struct walk *w, u32 func, u32 i, struct reg *r)
{
	const struct btf *b = types_of(w);
	u32 type = btf_params(btf_type(b, btf_type(b, func)->size_or_type))[i].type;
	const struct btf_type *t = btf_type(b, btf_strip(b, type));
	*r = reg_any();
	if (is_scalar(b, type) || btf_kind(t) != BTF_PTR)
		return is_scalar(b, type);
	const char *tag = tag_of(b, func, i);
	u32 to = btf_strip(b, t->size_or_type);
	if (strcmp(tag, "ctx") == 0 || names_context(w->p, btf_type_name(b, to))) {
		*r = reg_address(REG_CONTEXT, 0);
		return true;
	}
	*r = reg_address(REG_MEMORY, 0);
	r->size = btf_size(b, to);
	r->may_be_null = strcmp(tag, "nonnull") != 0;
	return r->size && (!*tag || !r->may_be_null || strcmp(tag, "nullable") == 0);
}

/* Sets what the function's arguments may be; returns how many, or -1 if calls are not checked by its prototype. */
static i32 params_of(const struct walk *w, u32 start, struct reg args[ARGS])
{
	u32 func = w->p->globals ? w->p->globals[start] : 0;
	if (!func)
		return -1;
	const struct btf *b = types_of(w);
	const struct btf_type *proto = btf_type(b, btf_type(b, func)->size_or_type);
	u32 count = btf_vlen(proto);
	if (btf_kind(proto) != BTF_FUNC_PROTO || count > ARGS || !is_scalar(b, proto->size_or_type))
		return -1;
	for (u32 i = 0; i < count; i++)
		if (!param_of(w, func, i, &args[i]))
			return -1;
	return (i32)count;
}

bool global_is(const struct walk *w, u32 start)
{
	struct reg args[ARGS];
	return params_of(w, start, args) >= 0;
}

static enum err check_param_memory(struct walk *w, u32 n, u64 size, const char *name)
{
	char who[96] = "";
	str_printf(&STRBUF(who), "the memory in argument %u of %s", n, name);
	return access_check(w, n, 0, size, ACCESS_CHANGE, who);
}

static enum err check_param(struct walk *w, u32 n, const struct reg *param, const char *name)
{
	struct reg *r = walk_reg(w, n);
	bool is_memory = r->kind == REG_STACK || (r->kind >= REG_VALUE && r->kind <= REG_RECORD);
	enum err e = walk_check_read(w, n);
	if (e || (param->kind == REG_CONTEXT && r->kind == REG_CONTEXT && reg_is_at_begin(r)) ||
	    (param->kind == REG_NUMBER && r->kind == REG_NUMBER) || (param->may_be_null && reg_is_zero(r)))
		return e;
	r->may_be_null &= !param->may_be_null;
	if (param->kind == REG_MEMORY && is_memory)
		return check_param_memory(w, n, param->size, name);
	return walk_refuse_arg(
	    w, n, "", name,
	    param->kind == REG_CONTEXT  ? r->kind == REG_CONTEXT ? "its begin" : "the context"
	    : param->kind == REG_NUMBER ? "a number"
					: "an address of the program's stack or of a map's "
					  "value; or make the function static");
}

enum err global_call(struct walk *w, u32 start)
{
	struct reg params[ARGS];
	i32 count = params_of(w, start, params);
	const char *name = btf_type_name(types_of(w), w->p->globals[start]);
	for (i32 i = 0; i < count; i++) {
		enum err e = check_param(w, BPF_R1 + (u32)i, &params[i], name);
		if (e)
			return e;
	}
	walk_return(w, reg_any());
	w->v->marks[start] |= MARK_WANTED;
	w->idx++;
	return OK;
}

bool global_next(struct walk *w, u32 *start)
{
	for (u32 i = 0; i < w->p->insn_count; i++)
		if ((w->v->marks[i] & (MARK_WANTED | MARK_WALKED)) == MARK_WANTED) {
			w->v->marks[i] |= MARK_WALKED;
			*start = i;
			return true;
		}
	return false;
}

void global_enter(struct walk *w)
{
	struct reg params[ARGS];
	i32 count = params_of(w, state_top(&w->now)->start, params);
	for (i32 i = 0; i < count; i++) {
		struct reg *r = walk_reg(w, BPF_R1 + (u32)i);
		*r = params[i];
		r->id = r->may_be_null ? ++w->last_id : 0;
	}
}

enum err global_exit(struct walk *w)
{
	enum err e = walk_check_read(w, BPF_R0);
	if (e || walk_reg(w, BPF_R0)->kind == REG_NUMBER)
		return e;
	return walk_refuse(
	    w, "a function that is not static returns a number here, not an address; make it static");
}
